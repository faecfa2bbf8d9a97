package systemtest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/jackc/pgx/v5"

	"rekey/internal/lab"
	"rekey/internal/lab/visitor"
)

// canary is part of every password that these people type, in no other text.
const canary = "Zk7Kanarie"

// TestAttack17NoSinkHoldsAPassword takes passwords through everything that can happen to them, at the most talkative log level, and
// then looks for them in all that is left behind. Codes and tokens must not be readable in the database or a log either.
func TestAttack17NoSinkHoldsAPassword(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	p := prepareReplica(t, l, "canary", l.Portal.Config().Database, "REKEY_LOG_LEVEL=debug")
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	secrets := typedSecrets(t, l, p.URL())
	metrics := scrape(t, p.Metrics())
	p.Stop()

	sinks := map[string]string{"metrics": metrics, "inbox": inboxText(l)}
	for _, file := range []string{p.Log(), l.Portal.Log()} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sinks[file] = string(text)
	}
	if !strings.Contains(sinks[p.Log()], `"level":"DEBUG"`) {
		t.Error("the log of the portal holds nothing of what happened")
	}
	sinks["database"] = dump(t, connect(t, l))
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	if _, err := l.Portal.Command(t.Context(), "audit", "export", "--out", file); err != nil {
		t.Fatal(err)
	}
	export, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sinks["audit export"] = string(export)
	for name, text := range sinks {
		if holds, how := holdsCanary(text); holds {
			t.Errorf("%s holds a password (%s)", name, how)
		}
		for what, secret := range secrets {
			if name != "inbox" && strings.Contains(text, secret) {
				t.Errorf("%s holds %s", name, what)
			}
		}
	}
	noFileHolds(t, l.Dir())
}

// typedSecrets walks through the portal with passwords that hold the canary, and gives the other secrets that were used.
func typedSecrets(t *testing.T, l *lab.Lab, url string) map[string]string {
	t.Helper()
	olga, nils, guarded := play(t, l, "olga"), play(t, l, "nils"), play(t, l, "shielded2")
	secrets := map[string]string{"a key of an app": olga.proofs.Secret, "a backup code": olga.nextSheet(t), "an unused backup code": olga.nextSheet(t)}
	olga.proofs.Sheet = []string{secrets["a backup code"]}
	olga.proofs.Code = func(ctx context.Context) (string, error) {
		code, err := olga.mailCode(ctx)
		secrets["a code by mail"] = code
		return code, err
	}

	w := walkIn(t, url)
	w.start("reset", olga.UPN)
	w.ok(w.ProveAll(t.Context(), olga.proofs, "backup-code", "mail"))
	if p := w.finish(strings.ToLower(canary)); len(p.Problems) == 0 {
		t.Errorf("a password of small letters was taken: %s", p.Text)
	}
	if p := w.finish(canary + "-Taken-1!"); !isDone(p) || !olga.binds(t, canary+"-Taken-1!") {
		t.Errorf("not done: %s", p.Text)
	}
	secrets["a token"] = token(t, w)
	_, secrets["the token of a link"], _ = strings.Cut(freezeLink(t, olga.notice(t).Text), "/not-me/")

	change := func(current, password string) *visitor.Page {
		v := walkIn(t, url)
		v.start("change", nils.UPN)
		return v.submit("/flow/finish", visitor.Fields{"current": current, "password": password, "password2": password})
	}
	if p := change(canary+"-Wrong-1!", canary+"-Changed-1!"); isDone(p) {
		t.Error("changed with a wrong password")
	}
	if p := change(nils.password, canary+"-Changed-1!"); !isDone(p) {
		t.Errorf("not changed: %s", p.Text)
	}
	if p := change(canary+"-Changed-1!", canary+"-Changed-1!"); isDone(p) || len(p.Problems) == 0 {
		t.Errorf("the same password again: %s", p.Text)
	}

	w = walkIn(t, url)
	w.proven(guarded)
	guarded.guard(t)
	if p := w.finish(canary + "-Denied-1!"); isDone(p) {
		t.Error("the guarded account was written")
	}
	w = walkIn(t, url)
	w.open("/account")
	w.submit("/account/sign-in", visitor.Fields{"name": olga.UPN, "password": canary + "-Wrong-2!"})
	w.submit("/account/sign-in", visitor.Fields{"name": olga.UPN, "password": canary + "-Taken-1!"})
	for _, c := range w.Cookies() {
		secrets["the token "+c.Name] = c.Value
	}
	if len(secrets) < 7 {
		t.Errorf("only %d secrets to look for", len(secrets))
	}
	return secrets
}

// holdsCanary looks for the canary as it is, and as directories (UTF-16), dumps (hexadecimal) and headers (base64) would write it.
func holdsCanary(text string) (bool, string) {
	text = strings.ToLower(text)
	var utf16le []byte
	for _, u := range utf16.Encode([]rune(canary)) {
		utf16le = binary.LittleEndian.AppendUint16(utf16le, u)
	}
	forms := map[string]string{"as it is": canary, "UTF-16": string(utf16le)}
	for how, raw := range map[string][]byte{"": []byte(canary), "UTF-16 ": utf16le} {
		forms[how+"hexadecimal"] = hex.EncodeToString(raw)
		for shift := range 3 { // where it begins in a group of three bytes
			whole := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), raw...))
			forms[how+"base64 "+strconv.Itoa(shift)] = whole[(shift*8+5)/6 : (shift+len(raw))*8/6]
		}
	}
	for how, form := range forms {
		if strings.Contains(text, strings.ToLower(form)) {
			return true, how
		}
	}
	return false, ""
}

func scrape(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func inboxText(l *lab.Lab) string {
	var b strings.Builder
	for _, m := range l.Inbox.Messages("") {
		b.Write(m.Raw)
		b.WriteString(m.Subject + m.Text + m.HTML)
	}
	return b.String()
}

// dump reads every row of every table as text.
func dump(t *testing.T, conn *pgx.Conn) string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 10 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	var b strings.Builder
	for _, table := range tables {
		rows, err := conn.Query(t.Context(), "SELECT x::text FROM "+table+" x")
		if err != nil {
			t.Fatal(err)
		}
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(strings.Join(texts, "\n"))
	}
	return b.String()
}

// noFileHolds looks through what the portals wrote. Directories and databases keep folders of their own.
func noFileHolds(t *testing.T, dir string) {
	t.Helper()
	looked := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || e.Name() == "rekey" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil // gone meanwhile
		}
		looked++
		if holds, how := holdsCanary(string(text)); holds {
			t.Errorf("%s holds a password (%s)", path, how)
		}
		return nil
	})
	if err != nil || looked == 0 {
		t.Errorf("looked into %d files: %v", looked, err)
	}
}
