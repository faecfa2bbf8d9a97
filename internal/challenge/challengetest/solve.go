// Package challengetest does proofs of work without a browser, for tests and tools.
package challengetest

import (
	"strconv"
	"strings"

	"rekey/internal/challenge"
)

// Solve finds the answer to a puzzle, as the pages' script does.
func Solve(puzzle string) string { return find(puzzle, true) }

// Miss finds a text that looks like an answer and is none.
func Miss(puzzle string) string { return find(puzzle, false) }

func find(puzzle string, right bool) string {
	zeros, _, _ := strings.Cut(puzzle, ".")
	want, _ := strconv.Atoi(zeros) // 0 for what is no puzzle: every text answers it
	for n := 0; ; n++ {
		if answer := puzzle + ":" + strconv.Itoa(n); (challenge.Zeros(answer) >= want) == right {
			return answer
		}
	}
}
