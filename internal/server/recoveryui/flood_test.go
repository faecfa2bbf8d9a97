package recoveryui_test

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/lab/visitor"
	"rekey/internal/policy"
	"rekey/internal/recovery"
	"rekey/internal/secret"
	"rekey/internal/server/servertest"
	"rekey/internal/throttle"
)

// hostile counts what an attack on one name got.
type hostile struct {
	refused, held, wrong, codes atomic.Int32
}

// attack starts attempts for anna, sixteen at a time, each from the address given for it: it asks for a code to her mailbox as long
// as one is sent, and guesses at her app as long as it may.
func (h *hostile) attack(t *testing.T, p *servertest.Portal, starts int, from func(i int) string) {
	t.Helper()
	next := make(chan int)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for i := range next {
				if err := h.start(t, p, from(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range starts {
		next <- i
	}
	close(next)
	wg.Wait()
}

func (h *hostile) start(t *testing.T, p *servertest.Portal, address string) error {
	ctx, from := t.Context(), recovery.Source{Source: audit.Source{Address: netip.MustParseAddr(address)}, Locale: "en"}
	begun, err := p.Recovery.Begin(ctx, recovery.Begin{Action: policy.Reset, Typed: "anna", Source: from})
	if fault.Of(err).Kind == fault.Throttled {
		h.refused.Add(1)
		return nil
	}
	if err != nil {
		return err
	}
	f := begun.Flow
	if f.Stage != flow.Choose {
		h.held.Add(1)
		return nil
	}
	if asked, err := p.Recovery.Choose(ctx, begun.Token, recovery.At(f), "mail", from); err == nil {
		h.codes.Add(1)
		f = asked
	} else if fault.Of(err).Kind != fault.Invalid {
		return err
	}
	if f, err = p.Recovery.Choose(ctx, begun.Token, recovery.At(f), "totp", from); err != nil {
		return err
	}
	_, f, err = p.Recovery.Answer(ctx, begun.Token, recovery.At(f), authenticator.CodeResponse{Code: secret.New("000000")}, from)
	if err == nil && f.Stage == flow.Prove {
		h.wrong.Add(1)
	}
	return err
}

// TestAttack15TenThousandHostileStarts: whoever starts attempts for a name from one address stops that address. Whoever has hundreds
// of them closes the account to strangers for a while, and not to the browser in which its owner finished an attempt before.
func TestAttack15TenThousandHostileStarts(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	p.Snapshot.Throttle = throttle.Limits{}.WithDefaults()
	p.Snapshot.Devices.Remember = 90 * 24 * time.Hour
	app := enroll(t, p)
	home := open(t, p)
	home.prove("reset", app)
	see(t, home.submit("/flow/finish", visitor.Fields{"password": "Kettle-Autumn-70"}), "/flow", "You can sign in now")

	var one hostile
	one.attack(t, p, 2_000, func(int) string { return "198.51.100.1" })
	if wrong, codes := one.wrong.Load(), one.codes.Load(); wrong >= 10 || codes != 5 || one.refused.Load() < 1_900 {
		t.Errorf("one address: %d wrong answers, %d codes, %d starts refused", wrong, codes, one.refused.Load())
	}
	if holds, err := p.Recovery.Holds(t.Context(), p.ID(t, "anna")); err != nil || len(holds) != 1 || holds[0].Lane != "from 198.51.100.1" {
		t.Errorf("one address: holds %+v, error %v", holds, err)
	}
	p.Advance(time.Minute)
	elsewhere := open(t, p) // an address and a browser nobody has seen
	elsewhere.prove("reset", app)
	see(t, elsewhere.submit("/flow/finish", visitor.Fields{"password": "Kettle-Autumn-71"}), "/flow", "You can sign in now")

	var many hostile
	many.attack(t, p, 8_000, func(i int) string { return fmt.Sprintf("203.0.%d.%d", 113+i%4, 1+i/4%200) })
	if wrong, codes := many.wrong.Load(), many.codes.Load(); wrong+one.wrong.Load() >= 50 || codes > 45 || many.held.Load() < 7_000 {
		t.Errorf("many addresses: %d wrong answers, %d codes, %d starts held", wrong, codes, many.held.Load())
	}
	see(t, open(t, p).start("reset", "anna"), "/flow", "Too many wrong answers")
	p.Advance(time.Minute)
	home.prove("reset", app)
	see(t, home.submit("/flow/finish", visitor.Fields{"password": "Kettle-Autumn-72"}), "/flow", "You can sign in now")

	if cleared, err := p.Recovery.Unblock(t.Context(), p.ID(t, "anna"), "op", "she called"); err != nil || !cleared {
		t.Fatalf("unblock: %v, error %v", cleared, err)
	}
	p.Advance(time.Minute)
	see(t, open(t, p).prove("reset", app), "/flow", "Choose a new password")
}

// TestAUsedUpCapIsSaid: who cannot be sent another code is told so where another way can be picked, of a name nobody has too.
func TestAUsedUpCapIsSaid(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	enroll(t, p)
	p.Snapshot.Throttle.Sends = throttle.Bucket{Burst: 2, Every: time.Hour} // one of which the enrollment used
	for _, name := range []string{"anna", "nobody-with-mail"} {
		b := open(t, p)
		for b.start("reset", name); !offers(b.Page(), "mail"); b.start("reset", name) {
			name += "x" // another name nobody has
		}
		page := b.submit("/flow/choose", visitor.Fields{"method": "mail"})
		for n := 0; page.Path == "/flow" && n < 3; n++ {
			b = open(t, p)
			b.start("reset", name)
			page = b.submit("/flow/choose", visitor.Fields{"method": "mail"})
		}
		see(t, page, "/flow/choose", "How do you want to prove it is you?", "No more codes can be sent for now. Pick another way, or come back later")
		if page.Status != 422 {
			t.Errorf("status %d", page.Status)
		}
	}
}

// TestWhatIsSentCostsItsAccount: a paid channel counts what an account has cost by whom the message names.
func TestWhatIsSentCostsItsAccount(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	app := enroll(t, p)
	b := open(t, p)
	b.prove("reset", app)
	b.submit("/flow/finish", visitor.Fields{"password": fresh})
	sent, whose := p.Outbox(t), p.ID(t, "anna").String()
	if len(sent) < 4 {
		t.Fatalf("%d messages were sent", len(sent))
	}
	for _, m := range sent {
		if m.Account != whose {
			t.Errorf("%s to %s is of %q", m.Template, m.To, m.Account)
		}
	}
}

func offers(p *visitor.Page, way string) bool {
	for _, w := range p.Options("method") {
		if w == way {
			return true
		}
	}
	return false
}
