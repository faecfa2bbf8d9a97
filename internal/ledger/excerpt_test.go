package ledger_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"rekey/internal/ledger"
)

// reader reads hashes as a store would.
func (l *log) reader() ledger.Reader {
	return func(places []ledger.Place) ([][]byte, error) {
		var all [][]byte
		for _, p := range places {
			h, err := p.Of(l.records[p.Record].Hashes)
			if err != nil {
				return nil, err
			}
			all = append(all, h)
		}
		return all, nil
	}
}

func (l *log) excerpt(t testing.TB, numbers ...int64) []string {
	t.Helper()
	var b bytes.Buffer
	e, err := ledger.NewExcerpt(&b, l.tree, l.signer, signedAt(), l.reader())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range numbers {
		if err := e.Write([]ledger.Numbered{{Number: n, Record: l.records[n].Record}}); err != nil {
			t.Fatal(err)
		}
	}
	return strings.SplitAfter(strings.TrimSuffix(b.String(), "\n"), "\n")
}

func TestExcerptProvesItsRecords(t *testing.T) {
	for size := 1; size < 20; size++ {
		l := newLog(t, size)
		var all []ledger.Numbered
		for n, r := range l.records {
			all = append(all, ledger.Numbered{Number: int64(n), Record: r.Record})
			sum, err := verify(l.excerpt(t, int64(n)), l.verifier)
			if err != nil || sum.Records != 1 || !sum.Excerpt {
				t.Fatalf("record %d of %d: %+v, error %v", n, size, sum, err)
			}
		}
		var b bytes.Buffer
		e, err := ledger.NewExcerpt(&b, l.tree, l.signer, signedAt(), l.reader())
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Write(all); err != nil {
			t.Fatal(err)
		}
		if sum, err := ledger.Verify(&b, l.verifier); err != nil || sum.Records != int64(size) {
			t.Errorf("all %d at once: %+v, error %v", size, sum, err)
		}
	}
}

func TestTamperedExcerptIsRefused(t *testing.T) {
	other := newLog(t, 9)
	for name, change := range map[string]func(l *log, x []string) []string{
		"changed record":        func(_ *log, x []string) []string { x[1] = strings.Replace(x[1], `"ok"`, `"failed"`, 1); return x },
		"another number":        func(_ *log, x []string) []string { x[1] = strings.Replace(x[1], `{"n":2`, `{"n":3`, 1); return x },
		"twice":                 func(_ *log, x []string) []string { return append(x[:2], x[1], x[2]) },
		"another log's record":  func(_ *log, x []string) []string { return append(x[:1], other.excerpt(t, 2)[1]) },
		"another log's header":  func(_ *log, x []string) []string { return append(other.excerpt(t, 2)[:1], x[1:]...) },
		"changed personal data": func(_ *log, x []string) []string { x[1] = strings.Replace(x[1], "alice-2", "mallory", 1); return x },
		"half a line":           func(_ *log, x []string) []string { x[2] = x[2][:len(x[2])/2]; return x },
		"cut proof": func(_ *log, x []string) []string {
			before, after, _ := strings.Cut(x[1], `"proof":"`)
			x[1] = before + `"proof":"` + after[4:]
			return x
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t, 9)
			if sum, err := verify(change(l, l.excerpt(t, 2, 7)), l.verifier); err == nil {
				t.Errorf("verified: %+v", sum)
			}
		})
	}
	t.Run("with an older checkpoint", func(t *testing.T) {
		l := newLog(t, 3)
		if _, err := verify(l.excerpt(t, 1), l.verifier, l.checkpoint(t)); err == nil {
			t.Error("compared what it does not hold")
		}
	})
}

// TestTreesAreFoundInTheLog: from what was kept, the tree of every earlier size is found, and begins every later one.
func TestTreesAreFoundInTheLog(t *testing.T) {
	l := newLog(t, 0)
	trees := []ledger.Tree{l.tree}
	for n := range 40 {
		l.append(t, event(n))
		trees = append(trees, l.tree)
	}
	for size, want := range trees {
		got, err := ledger.TreeAt(int64(size), l.reader())
		if err != nil || got.Root() != want.Root() || got.Size() != want.Size() {
			t.Errorf("tree of %d: error %v", size, err)
		}
		if err := got.Begins(l.tree, l.reader()); err != nil {
			t.Errorf("tree of %d in the last one: %v", size, err)
		}
	}
	other := newLog(t, 30)
	if err := other.tree.Begins(l.tree, l.reader()); err == nil {
		t.Error("another log's tree is found")
	}
	for n, r := range l.records[7:12] {
		tree, err := trees[7+n].Check(r)
		if err != nil || tree.Root() != trees[8+n].Root() {
			t.Errorf("record %d: %v", 7+n, err)
		}
		r.Leaf = bytes.Replace(r.Leaf, []byte(`"ok"`), []byte(`"no"`), 1)
		var bad *ledger.RecordError
		if _, err := trees[7+n].Check(r); !errors.As(err, &bad) || bad.Number != int64(7+n) {
			t.Errorf("changed record %d: %v", 7+n, err)
		}
	}
}
