package locale

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// source code that speaks: everything but tests and the developers' tools.
var roots = []string{"../../web", "../../internal", "../../cmd/rekey"}

// usage is how the code names texts.
type usage struct {
	asked    map[string]token.Position // whole keys given to a printer or to a fault
	literals map[string]bool           // every string
	composed []*regexp.Regexp          // keys put together from parts
	inner    map[ast.Node]bool         // sums that are a part of a sum
	files    *token.FileSet
}

// speaking are the folders that put keys together.
var speaking = regexp.MustCompile(`^../../(web|internal/server|internal/delivery|internal/locale)/`)

// used reads the code once.
func used(t *testing.T) usage {
	t.Helper()
	u := usage{asked: map[string]token.Position{}, literals: map[string]bool{}, inner: map[ast.Node]bool{}, files: token.NewFileSet()}
	for _, root := range roots {
		err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && (path == "lab" || d.Name() == "testdata") {
				return skip(err)
			}
			if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			file, err := parser.ParseFile(u.files, root+"/"+path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, u.see)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return u
}

func skip(err error) error {
	if err != nil {
		return err
	}
	return fs.SkipDir
}

func (u *usage) see(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BasicLit:
		if text, ok := literal(n); ok {
			u.literals[text] = true
		}
	case *ast.CallExpr:
		u.call(n)
	case *ast.BinaryExpr:
		u.sum(n)
	case *ast.KeyValueExpr:
		if name, ok := n.Key.(*ast.Ident); ok && strings.HasSuffix(name.Name, "Key") && name.Name != "Key" { // Key alone is anybody's
			u.ask(n.Value)
		}
	case *ast.AssignStmt:
		if s, ok := n.Lhs[0].(*ast.SelectorExpr); ok && strings.HasSuffix(s.Sel.Name, "Key") {
			u.ask(n.Rhs[0])
		}
	}
	return true
}

// call sees the calls that name a text: p.T(key), p.N(key, n), known(p, key, …), fault.New(kind, key), fault.Wrap(kind, key, err),
// and strings.Join of the parts of a key.
func (u *usage) call(n *ast.CallExpr) {
	name, of := called(n)
	switch {
	case (name == "T" || name == "N") && of != "" && len(n.Args) > 0:
		u.ask(n.Args[0])
	case name == "known" && len(n.Args) > 1:
		u.ask(n.Args[1])
	case of == "fault" && (name == "New" || name == "Wrap") && len(n.Args) > 1:
		u.ask(n.Args[1])
	case of == "strings" && name == "Join":
		if list, ok := n.Args[0].(*ast.CompositeLit); ok {
			var all []ast.Expr
			for i, e := range list.Elts {
				if i > 0 {
					all = append(all, n.Args[1])
				}
				all = append(all, e)
			}
			u.compose(all)
		}
	}
}

// called gives the name of the function, and what it is selected from.
func called(n *ast.CallExpr) (name, of string) {
	switch f := n.Fun.(type) {
	case *ast.Ident:
		return f.Name, ""
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			return f.Sel.Name, x.Name
		}
		return f.Sel.Name, "?"
	}
	return "", ""
}

// ask sees a key asked for. A sentence is a text itself: the administrators' pages speak English alone.
func (u *usage) ask(e ast.Expr) {
	if text, ok := literal(e); ok && text != "" && !strings.Contains(text, " ") {
		u.asked[text] = u.files.Position(e.Pos())
	}
}

// sum sees a sum of strings, once as a whole.
func (u *usage) sum(n *ast.BinaryExpr) {
	if n.Op != token.ADD {
		return
	}
	u.inner[n.X], u.inner[n.Y] = true, true
	if !u.inner[n] {
		u.compose(parts(n))
	}
}

// compose keeps a key put together as a pattern, if enough of it is known.
func (u *usage) compose(all []ast.Expr) {
	if !speaking.MatchString(u.files.Position(all[0].Pos()).Filename) {
		return
	}
	pattern, letters := "", 0
	for _, e := range all {
		if text, ok := literal(e); ok {
			pattern += regexp.QuoteMeta(text)
			letters += len(strings.Trim(text, ".-"))
			continue
		}
		pattern += ".+"
	}
	if letters >= 3 && strings.Contains(pattern, ".+") && strings.Contains(pattern, `\.`) {
		u.composed = append(u.composed, regexp.MustCompile("^"+pattern+"$"))
	}
}

// parts takes a sum of strings apart.
func parts(e ast.Expr) []ast.Expr {
	if b, ok := e.(*ast.BinaryExpr); ok && b.Op == token.ADD {
		return append(parts(b.X), parts(b.Y)...)
	}
	return []ast.Expr{e}
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}

func TestEveryTextAskedForExists(t *testing.T) {
	english := entries(t)[source]
	for key, at := range used(t).asked {
		if _, ok := english[key]; !ok {
			t.Errorf("%s asks for %s, which no language has", at, key)
		}
	}
}

func TestEveryTextIsUsed(t *testing.T) {
	u := used(t)
	for key := range entries(t)[source] {
		if u.literals[key] {
			continue
		}
		known := false
		for _, c := range u.composed {
			known = known || c.MatchString(key)
		}
		if !known {
			t.Errorf("nothing uses %s", key)
		}
	}
}

// TestComposedKeysExist goes through the values the parts of a key can have.
func TestComposedKeysExist(t *testing.T) {
	english := entries(t)[source]
	need := func(pattern string, values ...string) {
		t.Helper()
		for _, v := range values {
			if key := strings.ReplaceAll(pattern, "*", v); english[key] == nil {
				t.Errorf("no language has %s", key)
			}
		}
	}
	actions := []string{"reset", "unlock", "change"}
	for _, p := range []string{"start.*.title", "start.*.lede", "working.*.title", "done.*.title", "done.*.notice", "done.*.text"} {
		need(p, actions...)
	}
	for _, p := range []string{"title", "text", "next"} {
		need("refused.*."+p, "blocked", "frozen", "denied", "cancelled", "gone", "none")
	}
	need("kind.*.name", "passkey", "totp", "mail", "backup-code", "password")
	need("kind.*.hint", "passkey", "totp", "mail", "backup-code")
	need("code.*.hint", "totp", "backup-code")
	need("add.*.title", "passkey", "address", "code", "seed", "sheet", "other")
	need("add.*.label-hint", "passkey", "seed")
	need("address.*.label", "mail")
	need("address.*.hint", "mail")
	need("rule.*", "min-length", "max-length", "classes", "classes.4", "characters", "name", "common", "history", "min-age", "policy")
	need("time.month.*", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12")
	need("notice.*", "wrong-code", "wrong", "replayed", "expired", "code-expired", "code-dead", "resent", "unavailable", "rejected", "added", "removed", "renamed")
	need("notice.rejected.*", "too-short", "too-long", "complexity", "in-history", "too-young", "holds-name", "characters", "policy", "wrong-current")
	need("problem.*.next", "internal", "not-found", "too-many", "directory-down", "stale", "expired", "signed-out", "method-off", "cross-origin")
}
