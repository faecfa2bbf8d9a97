package archtest

import (
	"bufio"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// rule is one row of the table.
type rule struct {
	ring, pattern string
	may, not      []string
}

// listed is what go list says of a package.
type listed struct {
	ImportPath, Dir, Doc   string
	Imports, Deps, GoFiles []string
}

// clock is the word in the "not" column for everything that reads the time or waits.
const clock = "clock"

var clockUses = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// table reads the rows of docs/architecture.md. What the row "each" may not holds for every row of the inner rings.
func table(r io.Reader) []rule {
	var rules []rule
	var each []string
	for lines := bufio.NewScanner(r); lines.Scan(); {
		cells := strings.Split(lines.Text(), "|")
		if len(cells) != 6 || strings.Contains(cells[1], "ring") || strings.Contains(cells[1], "---") {
			continue
		}
		r := rule{ring: strings.TrimSpace(cells[1]), pattern: strings.TrimSpace(cells[2]), may: strings.Fields(cells[3]), not: strings.Fields(cells[4])}
		if r.pattern == "each" {
			each = r.not
			continue
		}
		if !r.outer() {
			r.not = append(r.not, each...)
		}
		rules = append(rules, r)
	}
	return rules
}

// broken lists how packages differ from the table.
func broken(rules []rule, all []listed) []string {
	var out []string
	used := map[string]bool{}
	for _, p := range all {
		name := strings.TrimPrefix(p.ImportPath, module+"internal/")
		if exempt(name) {
			continue
		}
		r, ok := find(rules, name)
		if !ok {
			out = append(out, name+" has no row")
			continue
		}
		used[r.pattern] = true
		for _, imported := range p.Imports {
			if !r.allows(imported) {
				out = append(out, fmt.Sprintf("%s imports %s: not in its row", name, strings.TrimPrefix(imported, module)))
			}
		}
		if slices.Contains(r.not, clock) {
			out = append(out, clockUse(name, p)...)
		}
	}
	for _, r := range rules {
		if !used[r.pattern] {
			out = append(out, "a row for "+r.pattern+", which does not exist")
		}
	}
	return out
}

// exempt are packages that only tests and developer tools use.
func exempt(name string) bool {
	return strings.HasPrefix(name, "lab") || strings.HasSuffix(name, "test") || strings.Contains(name, "/internal/") || strings.HasPrefix(name, "bench")
}

// allows judges one import: ours by the "may" column, the standard library by the "not" column, and other modules by the ring.
func (r rule) allows(imported string) bool {
	ours, inModule := strings.CutPrefix(imported, module)
	switch {
	case slices.Contains(r.may, "*"):
		return true
	case inModule:
		inside, ok := strings.CutPrefix(ours, "internal/")
		if !ok {
			inside = "../" + strings.SplitN(ours, "/", 2)[0]
		}
		return slices.Contains(r.may, inside)
	case strings.Contains(strings.SplitN(imported, "/", 2)[0], "."):
		return r.outer() || slices.ContainsFunc(r.may, func(m string) bool { return imported == m || strings.HasPrefix(imported, m+"/") })
	}
	return !slices.Contains(r.not, imported)
}

// outer reports whether the ring may use other modules as it likes.
func (r rule) outer() bool { return cmp.Compare(r.ring, "3") >= 0 }

// find gives the row of a package: its own, else one with a star.
func find(rules []rule, name string) (rule, bool) {
	for _, same := range []func(string) bool{
		func(pattern string) bool { return pattern == name },
		func(pattern string) bool { ok, _ := path.Match(pattern, name); return ok },
	} {
		if i := slices.IndexFunc(rules, func(r rule) bool { return same(r.pattern) }); i >= 0 {
			return rules[i], true
		}
	}
	return rule{}, false
}

// clockUse finds where a package reads the clock or waits for it.
func clockUse(name string, p listed) []string {
	var out []string
	for _, file := range p.GoFiles {
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, filepath.Join(p.Dir, file), nil, parser.SkipObjectResolution)
		if err != nil {
			return append(out, err.Error())
		}
		local := timeName(f)
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == local && slices.Contains(clockUses, sel.Sel.Name) {
				out = append(out, fmt.Sprintf("%s uses time.%s in %s:%d", name, sel.Sel.Name, file, set.Position(sel.Pos()).Line))
			}
			return true
		})
	}
	return out
}

// timeName is what a file calls package time; empty when it does not import it.
func timeName(f *ast.File) string {
	for _, i := range f.Imports {
		if i.Path.Value != `"time"` {
			continue
		}
		if i.Name != nil {
			return i.Name.Name
		}
		return "time"
	}
	return ""
}
