package systemtest

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rekey/internal/lab"
	"rekey/internal/lab/people"
	"rekey/internal/lab/samba"
	"rekey/internal/lab/visitor"
)

// TestWritesWhoseEndIsLost stops things in the middle of a directory write. However it ends, the directory is written once, the result
// is found out by asking, and the owner is told once.
func TestWritesWhoseEndIsLost(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	h := newHanging(t, l)
	for i, c := range []struct {
		name string
		test func(*hanging, *testing.T, *actor)
	}{
		{"portal killed while the directory hangs", (*hanging).portalKilled},
		{"portal told to end while the directory hangs", (*hanging).portalEnded},
		{"directory hangs past the time-out", (*hanging).directoryHangs},
		{"directory server killed", (*hanging).serverKilled},
	} {
		a := play(t, h.Lab, "hang"+strconv.Itoa(i+1))
		t.Run(c.name, func(t *testing.T) { h.once(t, a, c.test) })
	}
	t.Run("no server at all", h.noServer)
	verifyAudit(t, h.Lab)
	h.leavesNoPassword(t)
}

// hanging is a portal on a domain of two servers, with a tap before each.
type hanging struct {
	*lab.Lab
	domain *samba.Domain
	taps   []*tap
	conn   *pgx.Conn
}

func newHanging(t *testing.T, l *lab.Lab) *hanging {
	t.Helper()
	d, err := samba.StartPair(context.WithoutCancel(t.Context()), samba.Spec{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &hanging{domain: d}
	var urls []string
	caFile := filepath.Join(t.TempDir(), "taps.pem")
	h.taps, urls = tapped(t, d, caFile)
	var all []people.Person
	for i := range 5 {
		all = append(all, castMember("hang"+strconv.Itoa(i+1), false))
	}
	h.Lab, err = l.Beside(t.Context(), lab.Beside{
		Name: "hanging", Domains: []*samba.Domain{d}, People: all, Env: append(trusting(), "REKEY_LOG_LEVEL=debug"),
		Settings: func(document string) string { return oneDomain(t, document, urls, caFile) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := d.AwaitReplication(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.conn = connect(t, h.Lab)
	return h
}

// oneDomain makes the demo's settings those of Corp alone, on other servers, whose writes end soon.
func oneDomain(t testing.TB, document string, urls []string, caFile string) string {
	t.Helper()
	var out []string
	skip := false
	for line := range strings.Lines(adjusted(document)) {
		key, _, _ := strings.Cut(strings.TrimSpace(line), ":")
		top := !strings.HasPrefix(line, " ")
		switch {
		case top && key == "policies", strings.HasPrefix(line, "  sales.example.test"):
			skip = true
		case top, strings.HasPrefix(line, "  corp.example.test"):
			skip = false
		}
		switch {
		case skip:
			continue
		case key == "servers":
			line = "      servers: [" + strings.Join(urls, ", ") + "]\n      write_timeout: 3s\n"
		case key == "ca_file":
			line = "      ca_file: " + caFile + "\n"
		}
		out = append(out, line)
	}
	return strings.Join(out, "")
}

// once runs one case and checks what holds after all of them.
func (h *hanging) once(t *testing.T, a *actor, test func(*hanging, *testing.T, *actor)) {
	version := a.attribute(t, "msDS-KeyVersionNumber")
	test(h, t, a)
	sets, err := strconv.Atoi(a.attribute(t, "msDS-KeyVersionNumber"))
	if before, _ := strconv.Atoi(version); err != nil || sets != before+1 {
		t.Errorf("the password was set %d times, %v", sets-before, err)
	}
	if a.binds(t, a.Password) {
		t.Error("the old password still opens the account")
	}
	if !a.binds(t, a.password) {
		t.Error("the new password does not open the account")
	}
	delivered(t, h.conn)
	if n := a.notices(); n != 1 {
		t.Errorf("the owner was told %d times", n)
	}
	counts := events(t, h.conn, a)
	if counts["write.done"] != 1 || counts["write.intended"] != counts["write.done"]+counts["write.rejected"] {
		t.Errorf("recorded %v", counts)
	}
}

// hold freezes the server that gets the next modification, then lets the modification reach it.
func (h *hanging) hold(t *testing.T) (sent chan *samba.DC) {
	t.Helper()
	sent = make(chan *samba.DC, 1)
	for i, p := range h.taps {
		p.atNext(func(send func()) {
			dc := h.domain.DC(i)
			if err := dc.Pause(); err != nil {
				t.Error(err)
			}
			send()
			sent <- dc
		})
	}
	return sent
}

// typing goes as far as the password page of a portal and makes up the new password. What comes of typing it goes to ended.
func (a *actor) typing(t *testing.T, url string) (v walk, ended chan error) {
	t.Helper()
	v, ended = walkIn(t, url), make(chan error, 1)
	v.proven(a)
	a.password = a.fresh()
	return v, ended
}

func resume(t *testing.T, dc *samba.DC) {
	t.Helper()
	if err := dc.Resume(); err != nil {
		t.Fatal(err)
	}
}

// portalKilled: the write lands after its portal has died, and the sweep of another finds that out.
func (h *hanging) portalKilled(t *testing.T, a *actor) {
	second := prepareReplica(t, h.Lab, "killed", h.Portal.Config().Database)
	if err := second.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	v, ended := a.typing(t, second.URL())
	sent := h.hold(t)
	go func() { _, err := v.Finish(t.Context(), a.password); ended <- err }()
	dc := <-sent
	second.Kill()
	if err := <-ended; err == nil {
		t.Error("a killed portal answered")
	}
	resume(t, dc)
	await(t, "the write lands", func() bool { return a.binds(t, a.password) })
	v.Move(h.Portal.URL())
	if page := v.open("/flow"); isDone(page) || has(page, "/flow/finish") {
		t.Errorf("before anybody looked: %s", page.Text)
	}
	sweepLater(t, h.Lab)
	if page := v.open("/flow"); !isDone(page) {
		t.Errorf("after the sweep: %s", page.Text)
	}
}

// portalEnded: a portal that is told to end finishes the write first.
func (h *hanging) portalEnded(t *testing.T, a *actor) {
	second := prepareReplica(t, h.Lab, "ended", h.Portal.Config().Database)
	if err := second.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	v, ended := a.typing(t, second.URL())
	sent := h.hold(t)
	go func() { _, err := v.Finish(t.Context(), a.password); ended <- err }()
	dc := <-sent
	stopped := make(chan struct{})
	go func() { second.Stop(); close(stopped) }()
	await(t, "the portal takes no more visitors", func() bool {
		conn, err := net.Dial("tcp", second.Config().Listen)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	resume(t, dc)
	<-ended // the redirect leads to a portal that is gone
	<-stopped
	v.Move(h.Portal.URL())
	if page := v.open("/flow"); !isDone(page) {
		t.Errorf("on the other portal: %s", page.Text)
	}
	log, err := os.ReadFile(second.Log())
	if err != nil || strings.Contains(string(log), "panic") {
		t.Errorf("%v: %s", err, log)
	}
}

// directoryHangs: the portal gives up waiting, says that it is still at it, and learns later that the write was done.
func (h *hanging) directoryHangs(t *testing.T, a *actor) {
	v, ended := a.typing(t, h.Portal.URL())
	sent := h.hold(t)
	var page *visitor.Page
	go func() {
		var err error
		page, err = v.Finish(t.Context(), a.password)
		ended <- err
	}()
	dc := <-sent
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if isDone(page) || has(page, "/flow/finish") {
		t.Errorf("while nobody knows: %s", page.Text)
	}
	sweepLater(t, h.Lab)
	if page := v.open("/flow"); isDone(page) || has(page, "/flow/finish") {
		t.Errorf("while the server that has it does not answer: %s", page.Text)
	}
	resume(t, dc)
	await(t, "the write lands", func() bool { return a.binds(t, a.password) })
	sweepLater(t, h.Lab)
	if page := v.open("/flow"); !isDone(page) {
		t.Errorf("after the server is back: %s", page.Text)
	}
}

// serverKilled: a write that died with its server is not repeated on the other one until the person says so.
func (h *hanging) serverKilled(t *testing.T, a *actor) {
	v, ended := a.typing(t, h.Portal.URL())
	lost := a.password
	before := h.taps[0].written() + h.taps[1].written()
	sent := h.hold(t)
	go func() { _, err := v.Finish(t.Context(), lost); ended <- err }()
	dc := <-sent
	dc.Kill()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if n := h.taps[0].written() + h.taps[1].written() - before; n != 1 {
		t.Errorf("%d writes were sent", n)
	}
	sweepLater(t, h.Lab)
	if page := v.open("/flow"); isDone(page) || has(page, "/flow/finish") {
		t.Errorf("while the server may come back with it: %s", page.Text)
	}
	sweep(t, h.Lab, 6*time.Minute)
	page := v.open("/flow")
	if !has(page, "/flow/finish") {
		t.Fatalf("after the server has been away for long: %s", page.Text)
	}
	a.password = a.fresh()
	for _, p := range h.taps {
		p.atNext(nil)
	}
	if page = v.finish(a.password); !isDone(page) {
		t.Fatalf("on the other server: %s", page.Text)
	}
	if err := dc.StartAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.domain.AwaitReplication(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a.binds(t, lost) {
		t.Error("the password of the lost write opens the account")
	}
}

// noServer: the person is told that nothing was changed, keeps what was proven, and goes on when a server is back.
func (h *hanging) noServer(t *testing.T) {
	a := play(t, h.Lab, "hang5")
	v, _ := a.typing(t, h.Portal.URL())
	h.domain.Stop()
	if page := v.finish(a.password); isDone(page) || page.Status != http.StatusServiceUnavailable {
		t.Errorf("status %d: %s", page.Status, page.Text)
	}
	if page := walkIn(t, h.Portal.URL()).start("reset", a.UPN); page.Status != http.StatusServiceUnavailable {
		t.Errorf("another visitor: status %d: %s", page.Status, page.Text)
	}
	if err := h.domain.StartAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !a.binds(t, a.Password) {
		t.Error("the password was changed")
	}
	await(t, "the reset goes on", func() bool { return isDone(v.again(a.password)) })
	if !a.binds(t, a.password) {
		t.Error("the new password does not open the account")
	}
}

// again types the password on whatever page the flow is at.
func (w walk) again(password string) *visitor.Page {
	w.t.Helper()
	if page := w.open("/flow"); !has(page, "/flow/finish") {
		return page
	}
	return w.finish(password)
}

// leavesNoPassword looks for the passwords of all cases where something may have been written in haste.
func (h *hanging) leavesNoPassword(t *testing.T) {
	log, err := os.ReadFile(h.Portal.Log())
	if err != nil || !strings.Contains(string(log), `"level":"DEBUG"`) {
		t.Fatalf("no log: %v", err)
	}
	for name, text := range map[string]string{"log": string(log), "database": dump(t, h.conn)} {
		if strings.Contains(text, freshPrefix) {
			t.Errorf("the %s holds a password", name)
		}
	}
}
