package postgres_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"rekey/internal/audit"
	"rekey/internal/enrollment"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/lab/pgtest"
	"rekey/internal/message"
	"rekey/internal/postgres"
)

// dump gives every row of every table as text.
func dump(t *testing.T, url string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "pg_dump", "--data-only", "--inserts", "--dbname", url).Output()
	if err != nil {
		t.Fatalf("pg_dump: %v", err)
	}
	return string(out)
}

// TestAttack17NoSecretIsReadableInTheDatabase puts a canary into everything that may hold a secret and looks for it, and for
// its usual encodings, in a dump of all tables.
func TestAttack17NoSecretIsReadableInTheDatabase(t *testing.T) {
	url := pgtest.URL(t, postgres.Migrate)
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	kek := []byte("canary-kek-canary-kek-canary-kek")
	s := storeOn(t, pool, kek)
	canaries := map[string]string{"kek": string(kek)}
	canary := func(what string) []byte {
		canaries[what] = "canary for " + what
		return []byte(canaries[what])
	}
	f := newFlow("visible-flow", alice())
	f.Stage, f.Challenge = flow.Prove, &flow.Challenge{Ref: "totp", State: canary("flow state"), Prompt: canary("flow prompt")}
	m := mail("visible-message")
	m.Data = map[string]string{"code": string(canary("message data"))}
	m.To = string(canary("message address"))
	effects := flow.Effects{Audit: []audit.Event{event(audit.FlowStarted, alice(), "visible-name")}, Send: []message.Message{m}}
	if err := s.CreateFlow(t.Context(), f, hash(string(canary("flow token"))), effects); err != nil {
		t.Fatal(err)
	}
	sess := newSession("visible-session", alice())
	sess.Pending = &enrollment.Pending{State: canary("session state"), Prompt: canary("session prompt")}
	if err := s.CreateSession(t.Context(), sess, hash(string(canary("session token"))), flow.Effects{}); err != nil {
		t.Fatal(err)
	}
	c := credential("visible-credential", alice())
	c.Data = canary("credential data")
	_, err = s.UpdateSession(t.Context(), sess.ID, func(tx enrollment.Tx, sess enrollment.Session) (enrollment.Session, flow.Effects, error) {
		return sess, flow.Effects{}, tx.AddCredential(t.Context(), c)
	})
	if err != nil {
		t.Fatal(err)
	}
	text := dump(t, url)
	for _, control := range []string{"visible-flow", "visible-message", "visible-name", "visible-session", "visible-credential"} {
		if !strings.Contains(text, control) {
			t.Errorf("the dump lacks %s: it proves nothing", control)
		}
	}
	for what, secret := range canaries {
		for _, form := range encodings(secret) {
			if strings.Contains(text, form) {
				t.Errorf("%s is readable as %s", what, form)
			}
		}
	}
}

// encodings gives what a text looks like in columns: as it is, hexadecimal, and base64 at each of its three alignments.
func encodings(s string) []string {
	forms := []string{s, hex.EncodeToString([]byte(s))}
	for shift := range 3 {
		coded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + s))
		forms = append(forms, coded[4:len(coded)-4])
	}
	return forms
}

func TestKeysRotateWhileReplicasReadAndWrite(t *testing.T) {
	pool := racePool(t)
	kek := make([]byte, 32)
	one, two := storeOn(t, pool, kek), storeOn(t, pool, kek)
	one.enroll(t, credential("c", alice()))
	one.signIn(t, newSession("s", alice()))
	const rounds = 10
	for i, err := range race(4, func(i int) error {
		replica := []fixture{one, two}[i%2]
		for range rounds {
			if i == 0 {
				if err := one.keys.Rotate(t.Context()); err != nil {
					return err
				}
			}
			if err := reseal(t, replica); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Errorf("worker %d: %v", i, err)
		}
	}
	t.Run("a replica that starts now reads all", func(t *testing.T) {
		cs, err := storeOn(t, pool, kek).Credentials(t.Context(), alice())
		if err != nil || string(cs[0].Data) != "seed of c" {
			t.Errorf("got %v, error %v", cs, err)
		}
	})
}

// reseal reads the credential and writes it back, which seals it anew. Another worker may be faster.
func reseal(t *testing.T, s fixture) error {
	cs, err := s.Credentials(t.Context(), alice())
	if err != nil {
		return err
	}
	if len(cs) != 1 || string(cs[0].Data) != "seed of c" {
		return fmt.Errorf("read %v", cs)
	}
	_, err = s.UpdateSession(t.Context(), "s", func(tx enrollment.Tx, sess enrollment.Session) (enrollment.Session, flow.Effects, error) {
		return sess, flow.Effects{}, tx.SaveCredential(t.Context(), cs[0])
	})
	if kindOf(err) == fault.Conflict {
		return nil
	}
	return err
}
