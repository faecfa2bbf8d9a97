package flow

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/factor"
	"rekey/internal/policy"
)

var update = flag.Bool("update", false, "write docs/flow.mermaid")

var (
	noon   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	limits = Limits{Idle: 10 * time.Minute, Life: 30 * time.Minute, TriesPerCode: 5, SendsPerMethod: 3, ApplyingFor: time.Minute}
	stages = []Stage{Identify, Choose, Prove, Password, Applying, Done, Refused, Expired}

	app  = Offer{Ref: "totp", Kind: factor.TOTP, Class: factor.Has, Credentials: []CredentialOf{{"app", "device:app"}}}
	mail = Offer{Ref: "mail", Kind: factor.Mail, Class: factor.Knows, Credentials: []CredentialOf{{"mail", "mail:a@home.example.test"}}}
	keys = Offer{Ref: "passkey", Kind: factor.Passkey, Class: factor.Has | factor.Is, Credentials: []CredentialOf{{"key1", "device:1"}, {"key2", "device:2"}}}

	home  = account.ID{Directory: "corp.example.test", Object: "1"}
	cloud = account.ID{Directory: "cloud.example.test", Object: "2"}

	byApp  = policy.Proof{Kind: factor.TOTP, Class: factor.Has, Channel: "device:app", Credential: "app"}
	byMail = policy.Proof{Kind: factor.Mail, Class: factor.Knows, Channel: "mail:a@home.example.test", Credential: "mail"}
	byKey  = policy.Proof{Kind: factor.Passkey, Class: factor.Has | factor.Is, Channel: "device:1", Credential: "key1"}
)

// begun is a flow of an account with an app, a mail address and two passkeys, of which two have to be proven.
func begun(change func(*Start)) Flow {
	s := Start{
		ID: "f1", Action: policy.Reset, Account: home, Name: "alice", SignIn: "alice",
		Settings: 7, Offers: []Offer{app, mail, keys}, Targets: []Target{{Account: home}},
		Decision: policy.Decision{Outcome: policy.Allowed, Policy: "staff", Requirement: policy.Requirement{Count: 2}},
	}
	if change != nil {
		change(&s)
	}
	f, _ := New(s, limits, noon)
	return f
}

// at gives flows that stand at a stage: what the table says must hold for each of them.
func at(s Stage) []Flow {
	f := begun(nil)
	f.Stage = s
	var out []Flow
	switch s {
	case Prove:
		for tries := range limits.TriesPerCode + 1 {
			g := f
			g.Challenge = &Challenge{Ref: "totp", Tries: tries}
			h := g
			h.Proven = []policy.Proof{byMail}
			out = append(out, g, h)
		}
		return out
	case Password, Applying:
		f.Proven = []policy.Proof{byApp, byMail}
		one := f
		if s == Applying {
			one = writing(f)
		}
		shut := one
		shut.Bar = &Bar{Refusal: RefusedByLimit}
		out = append(out, one, shut)
		for _, first := range []TargetState{TargetPlanned, TargetConfirmed} {
			g := f
			g.Targets = []Target{{Account: home, State: first}, {Account: cloud, State: TargetPlanned}}
			if s == Applying {
				g = writing(g)
			}
			out = append(out, g)
		}
		return out
	}
	return []Flow{f}
}

// writing marks the next target as the one under way.
func writing(f Flow) Flow {
	f.Targets = slices.Clone(f.Targets)
	f.Targets[f.next()].State = TargetWriting
	f.Writing = &Writing{Claim: "c1", Since: noon}
	return f
}

// events has every event in every shape that makes a difference.
func events() []Event {
	return []Event{
		Chose{Challenge: Challenge{Ref: "totp"}},
		Chose{Challenge: Challenge{Ref: "mail"}, Send: Sends{{ID: "m"}}},
		Chose{Challenge: Challenge{Ref: "fax"}},
		Resent{Challenge: Challenge{Ref: "totp"}},
		Resent{Challenge: Challenge{Ref: "mail"}},
		WentBack{},
		Tried{},
		Mistyped{Notice: "rejected:wrong-current"},
		Lapsed{},
		Superseded{},
		Judged{Proof: &byApp},
		Judged{Proof: &byApp, Frozen: true},
		Judged{Proof: &byMail},
		Judged{Reason: "wrong-code"},
		Judged{Next: &Challenge{Ref: "totp"}},
		Blocked{Until: noon.Add(time.Hour)},
		Stopped{Refusal: RefusedByPerson},
		Alarmed{Level: policy.Calm},
		Alarmed{Level: policy.RaisedByOne},
		Alarmed{Level: policy.Stopped},
		Claimed{Claim: "c1", Before: make([]Before, 1)},
		Claimed{Claim: "c1", Before: make([]Before, 2)},
		Written{Claim: "c1"},
		Written{Claim: "c1", Outcome: Confirmed},
		Written{Claim: "c1", Outcome: Confirmed, Alone: true},
		Written{Claim: "c1", Outcome: Rejected, Reason: "too-short"},
		Written{Claim: "c1", Outcome: NotWritten, Reason: "unavailable"},
		Written{Claim: "c1", Outcome: NotWritten, Reason: "denied"},
		Written{Claim: "c1", Outcome: NotWritten, Reason: "gone"},
		Written{Claim: "other", Outcome: Confirmed},
	}
}

func cell(from Stage, ev Event) (transition, bool) {
	i := slices.IndexFunc(table, func(t transition) bool { return t.from == from && t.event == ev.event() })
	if i < 0 {
		return transition{}, false
	}
	return table[i], true
}

// TestEveryStageTakesEveryEvent walks stage × event: what the table lists leads to a listed stage or changes nothing, everything
// else is ErrWrongStage, and no cell lists a stage it cannot lead to.
func TestEveryStageTakesEveryEvent(t *testing.T) {
	reached := map[string]bool{}
	for _, from := range stages {
		for _, f := range at(from) {
			for _, ev := range events() {
				step(t, f, ev, reached)
			}
		}
	}
	for _, c := range table {
		for _, to := range c.to {
			if key := fmt.Sprint(c.from, c.event, to); !reached[key] {
				t.Errorf("%s at %s never led to %s", c.event, c.from, to)
			}
		}
	}
}

func step(t *testing.T, f Flow, ev Event, reached map[string]bool) {
	t.Helper()
	now := noon.Add(time.Minute)
	if _, lapsed := ev.(Lapsed); lapsed {
		now = noon.Add(time.Hour)
	}
	g, fx, err := Apply(f, ev, limits, now)
	c, listed := cell(f.Stage, ev)
	switch {
	case f.Stage.Final():
		if !errors.Is(err, ErrOver) {
			t.Errorf("%s at %s: want ErrOver, got %v", ev.event(), f.Stage, err)
		}
	case !listed:
		if !errors.Is(err, ErrWrongStage) {
			t.Errorf("%s at %s: want ErrWrongStage, got %v", ev.event(), f.Stage, err)
		}
	case err == nil:
		if !slices.Contains(c.to, g.Stage) {
			t.Errorf("%s at %s led to %s, which the table does not list", ev.event(), f.Stage, g.Stage)
		}
		reached[fmt.Sprint(f.Stage, ev.event(), g.Stage)] = true
	}
	if err != nil && (!reflect.DeepEqual(g, f) || !reflect.DeepEqual(fx, Effects{})) {
		t.Errorf("%s at %s: %v, and yet it changed something: %+v %+v", ev.event(), f.Stage, err, g, fx)
	}
}

// TestEventsAreNamedAfterTheirTypes keeps the names in the table honest.
func TestEventsAreNamedAfterTheirTypes(t *testing.T) {
	seen := map[string]bool{}
	for _, ev := range events() {
		if want := reflect.TypeOf(ev).Name(); ev.event() != want {
			t.Errorf("%s calls itself %s", want, ev.event())
		}
		seen[ev.event()] = true
	}
	for _, c := range table {
		if !seen[c.event] {
			t.Errorf("the table lists %s, which the tests do not send", c.event)
		}
	}
}

func TestAllowedAllocatesNothing(t *testing.T) {
	ev := Event(Written{Claim: "c1"})
	if n := testing.AllocsPerRun(100, func() { allowed(Applying, ev) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

const diagram = "../../docs/flow.mermaid"

// TestDiagram draws the table and compares it with docs/flow.mermaid, which go generate writes.
func TestDiagram(t *testing.T) {
	if *update {
		if err := os.WriteFile(diagram, []byte(mermaid()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(diagram)
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != mermaid() {
		t.Error("docs/flow.mermaid is out of date: run go generate ./internal/flow")
	}
}

// mermaid draws the table as a state diagram.
func mermaid() string {
	labels := map[[2]Stage][]string{}
	var order [][2]Stage
	for _, c := range table {
		for _, to := range c.to {
			edge := [2]Stage{c.from, to}
			if labels[edge] == nil {
				order = append(order, edge)
			}
			labels[edge] = append(labels[edge], c.event)
		}
	}
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n    [*] --> choose: identified\n    [*] --> password: change with the current password\n")
	for _, edge := range order {
		sort.Strings(labels[edge])
		fmt.Fprintf(&b, "    %s --> %s: %s\n", edge[0], edge[1], strings.Join(labels[edge], ", "))
	}
	for _, s := range stages {
		if s.Final() {
			fmt.Fprintf(&b, "    %s --> [*]\n", s)
		}
	}
	return b.String()
}
