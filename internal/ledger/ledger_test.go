package ledger_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/factor"
	"rekey/internal/ledger"
)

func signedAt() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }

func event(n int) audit.Event {
	return audit.Event{
		Name: audit.WriteDone, At: signedAt().Add(time.Duration(n) * time.Second), Actor: audit.Person, Outcome: audit.OK, Reason: "r",
		Subject: account.ID{Directory: "corp.example.test", Object: fmt.Sprint("object-", n)}, Flow: "f", Purpose: "reset", Policy: "Default",
		Settings: 7, Factors: []factor.Kind{factor.TOTP, factor.Mail},
		Source: audit.Source{Address: netip.MustParseAddr("192.0.2.7"), Agent: "browser", RequestID: "q1"},
		Detail: map[string]string{"name": fmt.Sprint("alice-", n), "label": "<Phone> & co"},
	}
}

// log is a ledger in memory, as a store would keep it.
type log struct {
	tree     ledger.Tree
	records  []ledger.Stored
	signer   note.Signer
	verifier string
}

func newLog(t testing.TB, size int) *log {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, ledger.Origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	l := &log{signer: signer, verifier: public}
	for n := range size {
		l.append(t, event(n))
	}
	return l
}

func (l *log) append(t testing.TB, ev audit.Event) {
	t.Helper()
	salt := make([]byte, ledger.SaltSize)
	_, _ = rand.Read(salt)
	r, err := ledger.Encode(ev, salt)
	if err != nil {
		t.Fatal(err)
	}
	var hashes []byte
	l.tree, hashes = l.tree.Append(r.Leaf)
	l.records = append(l.records, ledger.Stored{Record: r, Hashes: hashes})
}

func (l *log) all() iter.Seq2[ledger.Stored, error] {
	return func(yield func(ledger.Stored, error) bool) {
		for _, r := range l.records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (l *log) export(t testing.TB) []string {
	t.Helper()
	var b bytes.Buffer
	if err := ledger.Export(&b, l.tree, l.signer, signedAt(), l.all()); err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(strings.TrimSuffix(b.String(), "\n"), "\n")
}

func (l *log) checkpoint(t testing.TB) string {
	t.Helper()
	c, err := ledger.Checkpoint{Size: l.tree.Size(), Root: l.tree.Root(), At: signedAt()}.Sign(l.signer)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func verify(lines []string, key string, older ...string) (ledger.Summary, error) {
	return ledger.Verify(strings.NewReader(strings.Join(lines, "")), key, older...)
}

func TestRecordReadsBack(t *testing.T) {
	salt := make([]byte, ledger.SaltSize)
	r, err := ledger.Encode(event(1), salt)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ledger.Decode(r)
	if err != nil || !reflect.DeepEqual(got, event(1)) {
		t.Errorf("got %+v, error %v", got, err)
	}
	t.Run("the leaf holds no personal data", func(t *testing.T) {
		for _, personal := range []string{"192.0.2.7", "browser", "q1", "alice", "Phone"} {
			if bytes.Contains(r.Leaf, []byte(personal)) {
				t.Errorf("the leaf holds %q", personal)
			}
		}
	})
	t.Run("without the personal part", func(t *testing.T) {
		got, err := ledger.Decode(ledger.Record{Leaf: r.Leaf})
		if err != nil || got.Name != audit.WriteDone || got.Detail != nil || got.Source != (audit.Source{}) {
			t.Errorf("got %+v, error %v", got, err)
		}
	})
	t.Run("through a JSON store", func(t *testing.T) {
		var loose any
		if err := json.Unmarshal(r.Personal, &loose); err != nil {
			t.Fatal(err)
		}
		spaced, err := json.MarshalIndent(loose, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if back, err := ledger.Canonical(spaced); err != nil || !bytes.Equal(back, r.Personal) {
			t.Errorf("got %s, error %v: want %s", back, err, r.Personal)
		}
	})
	t.Run("the same personal part is not recognized", func(t *testing.T) {
		other, err := ledger.Encode(event(1), bytes.Repeat([]byte{1}, ledger.SaltSize))
		if err != nil || bytes.Equal(other.Leaf, r.Leaf) {
			t.Errorf("two salts gave one leaf, error %v", err)
		}
	})
	for name, bad := range map[string]string{
		"another version": strings.Replace(string(r.Leaf), `{"v":1`, `{"v":2`, 1),
		"unknown field":   strings.Replace(string(r.Leaf), `{"v":1`, `{"v":1,"x":1`, 1),
		"repeated field":  strings.Replace(string(r.Leaf), `{"v":1`, `{"v":1,"v":1`, 1),
		"spaces":          strings.Replace(string(r.Leaf), `{"v":1`, `{ "v":1`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			if ev, err := ledger.Decode(ledger.Record{Leaf: []byte(bad)}); err == nil {
				t.Errorf("read as %+v", ev)
			}
		})
	}
	t.Run("short salt", func(t *testing.T) {
		if _, err := ledger.Encode(event(1), salt[1:]); err == nil {
			t.Error("accepted")
		}
	})
}

// TestLeafNeverChanges pins the bytes that logs out there were hashed from.
func TestLeafNeverChanges(t *testing.T) {
	r, err := ledger.Encode(event(1), make([]byte, ledger.SaltSize))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"v":1,"name":"write.done","at":"2026-03-04T05:06:08Z","actor":"person","outcome":"ok","reason":"r",` +
		`"subject":{"directory":"corp.example.test","object":"object-1"},"flow":"f","purpose":"reset","policy":"Default","settings":7,` +
		`"factors":["totp","mail"],"personal":"PERSONAL"}`
	got := string(r.Leaf)
	cut := strings.Index(got, `"personal":"`) + len(`"personal":"`)
	if pinned := got[:cut] + "PERSONAL" + got[len(got)-2:]; pinned != want {
		t.Errorf("got %s\nwant %s", pinned, want)
	}
	const personal = `{"address":"192.0.2.7","agent":"browser","request_id":"q1","detail":{"label":"\u003cPhone\u003e \u0026 co","name":"alice-1"}}`
	if string(r.Personal) != personal {
		t.Errorf("got %s\nwant %s", r.Personal, personal)
	}
}

// TestLeafSaysWhoActed: in a version of its own, after what it always said. What says nothing of it keeps the first version.
func TestLeafSaysWhoActed(t *testing.T) {
	ev := event(1)
	ev.By, ev.Role, ev.Ticket = "olga@corp.example.test", "help-desk", "INC-7"
	r, err := ledger.Encode(ev, make([]byte, ledger.SaltSize))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`{"v":2,`, `"factors":["totp","mail"],"by":"olga@corp.example.test","role":"help-desk","ticket":"INC-7","personal":"`} {
		if !strings.Contains(string(r.Leaf), part) {
			t.Errorf("%s: want %s in it", r.Leaf, part)
		}
	}
	if got, err := ledger.Decode(r); err != nil || !reflect.DeepEqual(got, ev) {
		t.Errorf("got %+v, error %v", got, err)
	}
	for name, bad := range map[string]string{
		"first version that says who":     strings.Replace(string(r.Leaf), `{"v":2`, `{"v":1`, 1),
		"second version that says nobody": strings.Replace(string(r.Leaf), `"by":"olga@corp.example.test","role":"help-desk","ticket":"INC-7",`, "", 1),
		"empty":                           strings.Replace(string(r.Leaf), `"ticket":"INC-7"`, `"ticket":""`, 1),
	} {
		if ev, err := ledger.Decode(ledger.Record{Leaf: []byte(bad)}); err == nil {
			t.Errorf("%s: read as %+v", name, ev)
		}
	}
}

// TestTreeIsThatOfRFC6962 compares with tlog, which is compared with Certificate Transparency.
func TestTreeIsThatOfRFC6962(t *testing.T) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		hs := make([]tlog.Hash, len(at))
		for i, n := range at {
			hs[i] = stored[n]
		}
		return hs, nil
	})
	var tree ledger.Tree
	for n := range int64(300) {
		root, err := tlog.TreeHash(n, reader)
		if err != nil || tree.Root() != root {
			t.Fatalf("root of %d: %v, want %v, error %v", n, tree.Root(), root, err)
		}
		again, err := ledger.ReadTree(tree.Size(), tree.Edge())
		if err != nil || again.Root() != root {
			t.Fatalf("read back %d: %v", n, err)
		}
		data := fmt.Append(nil, "leaf ", n)
		want, err := tlog.StoredHashes(n, data, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, want...)
		before := tree
		var hashes []byte
		tree, hashes = tree.Append(data)
		if before.Root() != root {
			t.Fatalf("appending to %d changed it", n)
		}
		for i, h := range want {
			if !bytes.Equal(hashes[i*32:(i+1)*32], h[:]) || len(hashes) != len(want)*32 {
				t.Fatalf("hashes of record %d differ", n)
			}
		}
	}
	if _, err := ledger.ReadTree(3, make([]byte, 32)); err == nil {
		t.Error("an edge of one hash was taken for 3 records")
	}
}

func TestExportVerifies(t *testing.T) {
	for _, size := range []int{0, 1, 2, 7, 64} {
		l := newLog(t, size)
		sum, err := verify(l.export(t), l.verifier)
		if err != nil || sum != (ledger.Summary{Records: int64(size), At: signedAt()}) {
			t.Errorf("%d records: %+v, error %v", size, sum, err)
		}
	}
	t.Run("with erased personal parts", func(t *testing.T) {
		l := newLog(t, 5)
		l.records[2].Salt, l.records[2].Personal = nil, nil
		if sum, err := verify(l.export(t), l.verifier); err != nil || sum.Records != 5 || sum.Erased != 1 {
			t.Errorf("%+v, error %v", sum, err)
		}
	})
	t.Run("stops at an error of the store", func(t *testing.T) {
		l, broken := newLog(t, 1), errors.New("broken")
		err := ledger.Export(&bytes.Buffer{}, l.tree, l.signer, signedAt(), func(yield func(ledger.Stored, error) bool) { yield(ledger.Stored{}, broken) })
		if !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	})
}
