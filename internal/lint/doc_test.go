package lint_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"rekey/internal/lint"
)

// TestEveryCodeIsDocumented with its levels: the rows of docs/lint.md are the codes there are, in their order.
func TestEveryCodeIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/lint.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows, want []string
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(line, " | "); strings.HasPrefix(line, "| `") && len(cells) == 6 {
			rows = append(rows, strings.Join(cells[:5], " | "))
		}
	}
	for _, c := range lint.Codes() {
		row := fmt.Sprintf("| `%s`", c)
		for _, p := range lint.Profiles() {
			row += " | " + c.LevelIn(p).String()
		}
		want = append(want, row)
	}
	if !slices.Equal(rows, want) {
		t.Errorf("docs/lint.md has\n%s\n\nwant\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
	}
}
