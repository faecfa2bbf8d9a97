package helpdesk

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rekey/internal/account"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func id(name string) account.ID { return account.ID{Directory: "corp.example.test", Object: name} }

// TestApprovalsWhateverHappens: in any order of events, by anybody, at any time, an approval works once, for its requester and its act,
// after somebody else who is not the person agreed, and within half an hour.
func TestApprovalsWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		who := rapid.SampledFrom([]account.ID{id("hugo"), id("hanna"), id("anna")})
		r := Request{ID: "r", Order: Order{Action: Pass, Who: id("anna"), Method: "m"}, By: id("hugo"), Made: noon, Expires: noon.Add(RequestLife)}
		now, uses, approver, approved := noon, 0, account.ID{}, false
		for range rapid.IntRange(1, 12).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(0, 15).Draw(t, "minutes")) * time.Minute)
			by := who.Draw(t, "by")
			if rapid.Bool().Draw(t, "decide") {
				yes := rapid.Bool().Draw(t, "approve")
				if next, err := r.decide(by, "", yes, "", now); err == nil {
					if approver != (account.ID{}) {
						t.Fatal("decided twice")
					}
					r, approver, approved = next, by, yes
				}
				continue
			}
			action := rapid.SampledFrom(Actions()).Draw(t, "action")
			method := rapid.SampledFrom([]string{"m", "n"}).Draw(t, "method")
			next, err := r.use(by, action, who.Draw(t, "for"), method, now)
			if err != nil {
				continue
			}
			if r, uses = next, uses+1; uses > 1 || by != id("hugo") || action != Pass || method != "m" || !approved || approver != id("hanna") || !now.Before(noon.Add(RequestLife)) {
				t.Fatalf("used %d times, by %s for %s, approved %v by %s after %s", uses, by, action, approved, approver, now.Sub(noon))
			}
		}
	})
}

func TestStateOfARequest(t *testing.T) {
	made := Request{By: id("hugo"), Made: noon, Expires: noon.Add(RequestLife)}
	approved := made
	approved.Decided, approved.Approved = noon, true
	refused := made
	refused.Decided = noon
	used := approved
	used.Used = noon
	for _, c := range []struct {
		r    Request
		at   time.Duration
		want State
	}{
		{made, 0, Pending},
		{made, RequestLife, Expired},
		{approved, RequestLife - 1, Approved},
		{approved, RequestLife, Expired},
		{refused, 0, Refused},
		{refused, RequestLife, Refused},
		{used, RequestLife, Used},
	} {
		if got := c.r.State(noon.Add(c.at)); got != c.want {
			t.Errorf("after %s: %s, want %s", c.at, got, c.want)
		}
	}
}

// TestVerificationsWhateverHappens: at most five tries are judged, one passes, and nothing passes after the end.
func TestVerificationsWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Call{Made: noon, Expires: noon.Add(10 * time.Minute), State: []byte("s")}
		now, counted, passed := noon, 0, 0
		for range rapid.IntRange(1, 20).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "seconds")) * time.Second)
			next, err := c.try(now)
			if err != nil {
				continue
			}
			if c, counted = next, counted+1; counted > CallTries || !now.Before(c.Expires) {
				t.Fatalf("try %d, %s after it was sent", counted, now.Sub(noon))
			}
			if rapid.Bool().Draw(t, "right") {
				if next, err := c.pass(now); err == nil {
					c, passed = next, passed+1
				}
			} else if next, over := c.fail(now); over != (counted == CallTries) {
				t.Fatalf("over %v after %d", over, counted)
			} else {
				c = next
			}
			if passed > 1 || !c.Ended.IsZero() && c.State != nil {
				t.Fatalf("passed %d times, %+v", passed, c)
			}
		}
	})
}

func TestMasked(t *testing.T) {
	for address, want := range map[string]string{
		"anna@home.example.test": "a•••@home.example.test", "ä@x.example": "ä•••@x.example", "+49301234567": "•••567", "@x": "", "": "", "123": "",
	} {
		if got := masked(address); got != want {
			t.Errorf("%q is shown as %q, want %q", address, got, want)
		}
	}
}
