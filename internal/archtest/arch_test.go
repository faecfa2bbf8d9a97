// Package archtest holds the code to the table of docs/architecture.md.
package archtest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "rekey/"

func TestImportsFollowTheTable(t *testing.T) {
	f, err := os.Open("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rules := table(f)
	if len(rules) == 0 {
		t.Fatal("docs/architecture.md has no table")
	}
	for _, b := range broken(rules, packages(t, "../../internal/...")) {
		t.Errorf("docs/architecture.md: %s", b)
	}
}

// TestTheTableIsWatched makes sure that the check above fires: on a made-up table, every kind of difference is found, and what is
// allowed is not.
func TestTheTableIsWatched(t *testing.T) {
	rules := table(strings.NewReader(`
| ring | package | may import | not |
|---|---|---|---|
| 0–2 | each | | os |
| 0 | value | example.com/plain | clock |
| 1 | rule | value | net/http |
| 3 | store | value ../migrations | |
| 3 | plugin/* | value | |
| 4 | all | * | |
| 4 | gone | | |
`))
	dir := t.TempDir()
	write(t, dir, "good.go", "package value\n\nimport \"time\"\n\nvar D = time.Second\n\nfunc F(now func() time.Time) { now() }\n")
	write(t, dir, "bad.go", "package value\n\nimport clock \"time\"\n\nvar now = clock.Now\n\nfunc f() { clock.Sleep(1) }\n")
	ours := func(name string, imports ...string) listed {
		return listed{ImportPath: "rekey/internal/" + name, Imports: imports}
	}
	for _, c := range []struct {
		name string
		p    listed
		want []string
	}{
		{"allowed", ours("rule", "rekey/internal/value", "fmt"), nil},
		{"what no inner ring may", ours("rule", "os"), []string{"rule imports os: not in its row"}},
		{"an import that is not in the row", ours("value", "rekey/internal/rule"), []string{"value imports internal/rule: not in its row"}},
		{"a folder beside internal", ours("rule", "rekey/migrations"), []string{"rule imports migrations: not in its row"}},
		{"one that is in the row", ours("store", "rekey/migrations", "github.com/jackc/pgx/v5"), nil},
		{"a banned package", ours("rule", "net/http", "net"), []string{"rule imports net/http: not in its row"}},
		{"a module in an inner ring", ours("rule", "github.com/jackc/pgx/v5"), []string{"rule imports github.com/jackc/pgx/v5: not in its row"}},
		{"one that is named", ours("value", "example.com/plain/sub"), nil},
		{"one that begins alike", ours("value", "example.com/plainer"), []string{"value imports example.com/plainer: not in its row"}},
		{"a plug-in", ours("plugin/a", "rekey/internal/value", "rekey/internal/plugin/b"), []string{"plugin/a imports internal/plugin/b: not in its row"}},
		{"everything", ours("all", "rekey/internal/store", "net/http"), nil},
		{"no row", ours("new"), []string{"new has no row"}},
		{"tests and the lab", ours("lab/x", "rekey/internal/store"), nil},
		{"the clock", listed{ImportPath: "rekey/internal/value", Dir: dir, GoFiles: []string{"good.go", "bad.go"}}, []string{"value uses time.Now in bad.go:5", "value uses time.Sleep in bad.go:7"}},
		{"no clock", listed{ImportPath: "rekey/internal/value", Dir: dir, GoFiles: []string{"good.go"}}, nil},
		{"the clock where it may be used", listed{ImportPath: "rekey/internal/rule", Dir: dir, GoFiles: []string{"bad.go"}}, nil},
	} {
		got := slices.DeleteFunc(broken(rules, []listed{c.p}), func(s string) bool { return strings.HasPrefix(s, "a row for") })
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	all := []listed{ours("value"), ours("rule"), ours("store"), ours("plugin/a"), ours("all")}
	if got := broken(rules, all); !slices.Equal(got, []string{"a row for gone, which does not exist"}) {
		t.Errorf("got %q", got)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestInnerRingsStayPure: no edit of the table lets the clock, the operating system or a database into the rings 0 to 2.
func TestInnerRingsStayPure(t *testing.T) {
	f, err := os.Open("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, r := range table(f) {
		for _, not := range []string{clock, "os", "net/http", "database/sql", "math/rand"} {
			if !r.outer() && !slices.Contains(r.not, not) {
				t.Errorf("%s may use %s", r.pattern, not)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range packages(t, "../../...") {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

// TestViewsSeeTheCatalogueOnly keeps pages from printing what they were not given.
func TestViewsSeeTheCatalogueOnly(t *testing.T) {
	for _, p := range packages(t, "../../web/...") {
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, module+"internal/"); ok && ours != "locale" {
				t.Errorf("%s imports %s", p.ImportPath, ours)
			}
		}
	}
}

// TestLabStaysOutOfTheProduct keeps the developers' tools out of the binary.
func TestLabStaysOutOfTheProduct(t *testing.T) {
	for _, p := range packages(t, "../../cmd/rekey") {
		for _, reached := range p.Deps {
			for _, banned := range []string{module + "internal/lab", "github.com/chromedp", "github.com/emersion/go-smtp", "github.com/maxmind/mmdbwriter", "pgregory.net/rapid", "testing"} {
				if reached == banned || strings.HasPrefix(reached, banned+"/") {
					t.Errorf("cmd/rekey reaches %s", reached)
				}
			}
		}
	}
}

func TestNoJunkDrawers(t *testing.T) {
	junk := []string{"util", "utils", "common", "helper", "helpers", "types", "models", "core", "base", "misc"}
	for _, p := range packages(t, "../../...") {
		if slices.Contains(junk, path.Base(p.ImportPath)) {
			t.Errorf("%s is named after nothing", p.ImportPath)
		}
	}
}

func packages(t *testing.T, pattern string) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Doc,Imports,Deps,GoFiles", pattern).Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p listed
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}
