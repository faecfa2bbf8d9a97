package ledger_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"rekey/internal/ledger"
)

// TestTamperedExportIsRefused changes an export of six records every way we can think of. Line 0 is the header, line n+1
// record n.
func TestTamperedExportIsRefused(t *testing.T) {
	const unnamed = -1
	other := newLog(t, 6)
	for name, attack := range map[string]struct {
		change func(*log, []string) []string
		record int64 // the one named
	}{
		"changed record": {func(_ *log, x []string) []string {
			x[3] = strings.Replace(x[3], `"ok"`, `"failed"`, 1)
			return x
		}, 2},
		"changed record and its hashes": {func(_ *log, x []string) []string {
			// Records 4 and 5 complete a subtree: the forger fixes 4 alone.
			forged := newLog(t, 4)
			forged.append(t, event(99))
			x[5] = forged.export(t)[5]
			return x
		}, 4},
		"removed record": {func(_ *log, x []string) []string { return slices.Delete(x, 3, 4) }, 2},
		"removed record, the others renumbered": {func(_ *log, x []string) []string {
			x = slices.Delete(x, 3, 4)
			for i := 3; i < len(x); i++ {
				x[i] = strings.Replace(x[i], `{"n":`+string(rune('0'+i)), `{"n":`+string(rune('0'+i-1)), 1)
			}
			return x
		}, 2},
		"reordered records": {func(_ *log, x []string) []string { x[3], x[4] = x[4], x[3]; return x }, 2},
		"reordered records, renumbered": {func(_ *log, x []string) []string {
			x[3], x[4] = strings.Replace(x[4], `"n":3`, `"n":2`, 1), strings.Replace(x[3], `"n":2`, `"n":3`, 1)
			return x
		}, 2},
		"inserted record": {func(_ *log, x []string) []string { return slices.Insert(x, 3, x[2]) }, 2},
		"appended record": {func(_ *log, x []string) []string {
			return append(x[:6], x[6]+"\n", strings.Replace(x[6], `"n":5`, `"n":6`, 1))
		}, 6},
		"truncated tail":          {func(_ *log, x []string) []string { return x[:5] }, 4},
		"truncated to the header": {func(_ *log, x []string) []string { return x[:1] }, 0},
		"half a line":             {func(_ *log, x []string) []string { x[6] = x[6][:len(x[6])/2]; return x }, 5},
		"changed personal data": {func(_ *log, x []string) []string {
			x[3] = strings.Replace(x[3], "alice-2", "mallory", 1)
			return x
		}, 2},
		"personal data without its salt": {func(_ *log, x []string) []string {
			before, after, _ := strings.Cut(x[3], `"salt":`)
			_, after, _ = strings.Cut(after, `,`)
			x[3] = before + after
			return x
		}, 2},
		"personal data of another record": {func(_ *log, x []string) []string {
			_, personal, _ := strings.Cut(x[2], `"salt":`)
			before, _, _ := strings.Cut(x[3], `"salt":`)
			x[3] = before + `"salt":` + personal
			return x
		}, 2},
		"hidden field": {func(_ *log, x []string) []string {
			x[3] = strings.Replace(x[3], `{"n":2`, `{"n":2,"note":"x"`, 1)
			return x
		}, 2},
		"repeated field": {func(_ *log, x []string) []string { x[3] = strings.Replace(x[3], `{"n":2`, `{"n":9,"n":2`, 1); return x }, 2},
		"all records of another log": {func(_ *log, x []string) []string {
			return append(x[:1], other.export(t)[1:]...)
		}, unnamed},
		"all of another log": {func(_ *log, _ []string) []string { return other.export(t) }, unnamed},
		"forged checkpoint": {func(l *log, x []string) []string {
			forged := *l
			forged.signer = other.signer
			return append(forged.export(t)[:1], x[1:]...)
		}, unnamed},
		"checkpoint made smaller": {func(_ *log, x []string) []string {
			x[0] = strings.Replace(strings.Replace(x[0], `"size":6`, `"size":4`, 1), `\n6\n`, `\n4\n`, 1)
			return x[:5]
		}, unnamed},
		"header of another size": {func(_ *log, x []string) []string { x[0] = strings.Replace(x[0], `"size":6`, `"size":5`, 1); return x }, unnamed},
		"no header":              {func(_ *log, x []string) []string { return x[1:] }, unnamed},
		"nothing":                {func(_ *log, _ []string) []string { return nil }, unnamed},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t, 6)
			before := strings.Join(l.export(t), "")
			x := attack.change(l, l.export(t))
			if strings.Join(x, "") == before {
				t.Fatal("the attack changed nothing")
			}
			sum, err := verify(x, l.verifier)
			if err == nil {
				t.Fatalf("verified: %+v", sum)
			}
			named := int64(unnamed)
			var bad *ledger.RecordError
			if errors.As(err, &bad) {
				named = bad.Number
			}
			if named != attack.record {
				t.Errorf("%v: named record %d, want %d", err, named, attack.record)
			}
		})
	}
	t.Run("wrong key", func(t *testing.T) {
		if _, err := verify(newLog(t, 6).export(t), other.verifier); err == nil {
			t.Error("verified")
		}
	})
	t.Run("no key", func(t *testing.T) {
		if _, err := verify(other.export(t), "rekey"); err == nil {
			t.Error("verified")
		}
	})
}

// TestRewrittenLogIsFoundByAnOlderCheckpoint is the attack an export alone cannot show: who controls the signing server
// writes another history and signs it.
func TestRewrittenLogIsFoundByAnOlderCheckpoint(t *testing.T) {
	l := newLog(t, 0)
	marks := []string{l.checkpoint(t)}
	for n := range 6 {
		l.append(t, event(n))
		marks = append(marks, l.checkpoint(t))
	}
	if _, err := verify(l.export(t), l.verifier, marks...); err != nil {
		t.Errorf("an honest log: %v", err)
	}
	rewritten := newLog(t, 2)
	rewritten.signer, rewritten.verifier = l.signer, l.verifier
	rewritten.append(t, event(99))
	for n := 3; n < 6; n++ {
		rewritten.append(t, event(n))
	}
	x := rewritten.export(t)
	if _, err := verify(x, l.verifier); err != nil {
		t.Fatalf("the rewritten log alone: %v", err)
	}
	for size, mark := range marks {
		_, err := verify(x, l.verifier, mark)
		if honest := size == 0; (err == nil) != honest {
			t.Errorf("checkpoint of %d records: %v", size, err)
		}
	}
	t.Run("cut back", func(t *testing.T) {
		short := &log{signer: l.signer, verifier: l.verifier}
		for _, r := range l.records[:4] {
			short.tree, _ = short.tree.Append(r.Leaf)
			short.records = append(short.records, r)
		}
		if _, err := verify(short.export(t), l.verifier); err != nil {
			t.Fatalf("alone: %v", err)
		}
		if _, err := verify(short.export(t), l.verifier, marks[5]); err == nil {
			t.Error("the missing records were not missed")
		}
	})
	t.Run("checkpoint of another key", func(t *testing.T) {
		if _, err := verify(l.export(t), l.verifier, newLog(t, 2).checkpoint(t)); err == nil {
			t.Error("accepted")
		}
	})
}

func FuzzVerify(f *testing.F) {
	l := newLog(f, 3)
	good := strings.Join(l.export(f), "")
	f.Add([]byte(good))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, x []byte) {
		sum, err := ledger.Verify(strings.NewReader(string(x)), l.verifier)
		if err == nil && strings.TrimRight(strings.ReplaceAll(string(x), "\r\n", "\n"), "\n") != strings.TrimRight(good, "\n") {
			t.Errorf("verified %+v: %q", sum, x)
		}
	})
}
