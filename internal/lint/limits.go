package lint

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

func (l *linter) limits() {
	t := l.Throttle
	for _, most := range []struct {
		n    int
		code Code
	}{{10, FailuresOver10}, {5, FailuresOver5}} {
		if t.Failures > most.n {
			l.add(most.code, "throttle.failures", fmt.Sprintf("recovery of an account is held after %d wrong answers only. Hold it after %d.", t.Failures, most.n))
		}
	}
	if t.Hold > 0 && t.Hold < 30*time.Minute {
		l.add(ShortHold, "throttle.hold", fmt.Sprintf("recovery of an account is held for %v only. Hold it for 30m.", t.Hold))
	}
	for _, idle := range []struct {
		path string
		d    time.Duration
	}{{"flow.idle", l.FlowIdle}, {"session.idle", l.SessionIdle}} {
		if idle.d > 15*time.Minute {
			l.add(SessionIdle, idle.path, fmt.Sprintf("somebody who walked away is still let in after %v. Set it to 15m or less.", idle.d))
		}
	}
}

// methods looks at the ways that are switched on, whoever may use them.
func (l *linter) methods() {
	for _, k := range slices.Sorted(maps.Keys(l.Codes)) {
		if d := l.Codes[k]; d > 10*time.Minute {
			l.add(CodeLife, "authenticators."+string(k)+".life", fmt.Sprintf("a code lives for %v, long enough to be talked out of somebody or read "+
				"later. Let it live for 10m.", d))
		}
	}
	strong := func(t factor.Traits) bool { return t.PhishingResistant }
	if !slices.ContainsFunc(l.Kinds, strong) {
		l.add(Phishable, "authenticators", "no way that is switched on keeps from being phished. Switch on passkeys.")
	}
	for _, t := range l.Kinds {
		if t.Mailbox {
			l.mailbox("authenticators."+string(t.Kind), t)
		}
	}
}

// mailbox looks whether codes are mailed to where the lost password is needed to read them.
func (l *linter) mailbox(path string, t factor.Traits) {
	used := false
	l.each(func(_ string, p policy.Policy) {
		for _, a := range []policy.Action{policy.Reset, policy.Unlock} {
			q, _, ok := p.Asks(a)
			used = used || ok && q.Allows(t.Kind)
		}
	})
	var open []string
	for _, d := range l.Directories {
		_, given := l.Document.Defaults[d.Key]
		used = used || !given
		if !d.Refused {
			open = append(open, d.Key)
		}
	}
	switch {
	case !used || len(open) == 0:
	case l.Beside:
		l.add(OwnMailbox, path+".allow_directory_domains", fmt.Sprintf("codes are mailed to mailboxes of the firm too (%s), which the lost "+
			"password opens. Put these domains and all others that the firm receives mail for into refuse_domains.", strings.Join(open, ", ")))
	default:
		l.add(MailDomains, path, fmt.Sprintf("codes are mailed to %s where the directory knows no address of a person, and the lost password may "+
			"open that mailbox. Put it and all other domains that the firm receives mail for into refuse_domains.", strings.Join(open, " and ")))
	}
}

func (l *linter) networks() {
	for _, name := range slices.Sorted(maps.Keys(l.Document.Networks)) {
		private := false
		for i, text := range l.Document.Networks[name] {
			p, err := policy.ParsePrefix(text)
			if err != nil {
				continue
			}
			path := fmt.Sprintf("networks.%s[%d]", name, i)
			switch {
			case p.Bits() == 0:
				l.add(NetworkEverywhere, path, fmt.Sprintf("everybody on the Internet is in %s. Name what it is for.", name))
			case slices.ContainsFunc(l.Proxies, p.Overlaps):
				l.add(NetworkProxy, path, fmt.Sprintf("a trusted proxy is in %s: a request that the proxy makes or forwards without saying for whom "+
					"counts as from there. Leave its address out.", name))
			case len(l.Proxies) == 0 && isPrivate(p) && !private:
				private = true
				l.add(NetworkPrivate, path, fmt.Sprintf("%s has private addresses, and no proxy is trusted: where one stands before Rekey unnamed, "+
					"everybody on the Internet comes from its private address. Name it in trusted_proxies of the process configuration.", name))
			}
		}
	}
}

// manyCountries is more than most firms have people in.
const manyCountries = 5

// texts looks at what text messages may cost: pumping fraud is paid for by the message.
func (l *linter) texts() {
	if l.SMS == nil {
		return
	}
	if !l.SMS.Capped {
		l.add(SMSNoCap, "sms.spend", "nothing limits what text messages cost in a day or a month. Set spend.day and spend.month to a few times of what is usual.")
	}
	if n := l.SMS.Countries; n > manyCountries {
		l.add(SMSCountries, "sms.countries", fmt.Sprintf("text messages go to %d countries, and each one more is a place to pump traffic to. Name those that people's phones are from.", n))
	}
}

func isPrivate(p netip.Prefix) bool {
	a := p.Addr()
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast()
}
