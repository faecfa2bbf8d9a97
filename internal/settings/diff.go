package settings

import (
	"slices"
	"strings"
)

// Diff shows what turns one document into another: lines with - and +, and three unchanged lines around them.
// It is empty when they are alike.
func Diff(before, after string) string {
	if before == after {
		return ""
	}
	edits := script(lines(before), lines(after))
	var b strings.Builder
	last := -1
	for i, e := range edits {
		if e.op == ' ' && !near(edits, i) {
			continue
		}
		if last >= 0 && i > last+1 {
			b.WriteString("…\n")
		}
		last = i
		b.WriteByte(e.op)
		b.WriteByte(' ')
		b.WriteString(strings.TrimSuffix(e.line, "\n"))
		b.WriteByte('\n')
	}
	return b.String()
}

const around = 3

type edit struct {
	op   byte // ' ', '-' or '+'
	line string
}

func near(edits []edit, i int) bool {
	for j := max(0, i-around); j <= min(len(edits)-1, i+around); j++ {
		if edits[j].op != ' ' {
			return true
		}
	}
	return false
}

func lines(text string) []string {
	all := strings.SplitAfter(text, "\n")
	if last := len(all) - 1; all[last] == "" {
		all = all[:last]
	}
	return all
}

// cells bounds the table of script to 32 MB.
const cells = 4_000_000

// script finds the longest common subsequence of what is between the common lines at both ends. Where even that is too much
// for a table, it is shown as taken out and put in.
func script(a, b []string) []edit {
	var head, out, tail []edit
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		head = append(head, edit{' ', a[0]})
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		tail = append(tail, edit{' ', a[len(a)-1]})
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	slices.Reverse(tail)
	common := func(int, int) int { return 0 }
	if len(a) <= cells/(len(b)+1) {
		common = table(a, b)
	}
	for len(a)+len(b) > 0 {
		switch i, j := len(a), len(b); {
		case i > 0 && j > 0 && a[0] == b[0] && common(i, j) > 0:
			out = append(out, edit{' ', a[0]})
			a, b = a[1:], b[1:]
		case j == 0 || i > 0 && common(i-1, j) >= common(i, j-1):
			out = append(out, edit{'-', a[0]})
			a = a[1:]
		default:
			out = append(out, edit{'+', b[0]})
			b = b[1:]
		}
	}
	return slices.Concat(head, out, tail)
}

// table gives how many lines the last i of a and the last j of b have in common, in order.
func table(a, b []string) func(i, j int) int {
	counts := make([][]int, len(a)+1)
	for i := range counts {
		counts[i] = make([]int, len(b)+1)
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			if a[len(a)-i] == b[len(b)-j] {
				counts[i][j] = counts[i-1][j-1] + 1
			} else {
				counts[i][j] = max(counts[i-1][j], counts[i][j-1])
			}
		}
	}
	return func(i, j int) int { return counts[i][j] }
}
