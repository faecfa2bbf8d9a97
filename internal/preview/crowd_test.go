package preview_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/factor"
	"rekey/internal/policy"
	"rekey/internal/preview"
)

// crowded is a house with people of every sort: in groups, units, with attributes, privileged, disabled, linked.
func crowded(t testing.TB) (*house, []directory.Link) {
	t.Helper()
	h := newHouse(t)
	links := []directory.Link{{Home: corp, Other: cloud}}
	var here, there directory.Page
	for i := range 40 {
		name := fmt.Sprintf("p%02d", i)
		a := person(corp, name, func(a *account.Account) {
			a.State.Disabled, a.State.Privileged = i%9 == 0, i%7 == 0
			a.Attributes = map[string][]string{"department": {[]string{"Sales", "Finance", "IT"}[i%3]}}
			if i%4 == 0 {
				a.Path = "CN=" + name + ",OU=Berlin,OU=Staff,DC=corp,DC=example,DC=test"
			}
		})
		if i%5 == 0 {
			tied(fmt.Sprint("a", i))(&a)
			b := person(cloud, name)
			tied(fmt.Sprint("a", i))(&b)
			there.People = append(there.People, b)
		}
		here.People = append(here.People, a)
		kinds := [][]factor.Kind{nil, {factor.TOTP}, {factor.TOTP, factor.Mail}, {factor.Mail, factor.BackupCode}}[i%4]
		h.enroll(t, a, kinds...)
	}
	h.copied(t, corp, here)
	h.copied(t, cloud, there)
	return h, links
}

// TestCrowdDecidesAsTheStreamDoes: over every pair of versions, what is looked at in memory is what is read from the database.
func TestCrowdDecidesAsTheStreamDoes(t *testing.T) {
	h, links := crowded(t)
	two := policy.Requirement{Count: 2}
	documents := []policy.Document{
		staff(two),
		staff(policy.Requirement{Count: 1, Allowed: []factor.Kind{factor.TOTP, factor.BackupCode}}),
		staff(two, policy.Policy{Name: "Berlin", Scope: policy.Scope{OUs: []policy.OU{{DN: "OU=Berlin,OU=Staff,DC=corp,DC=example,DC=test"}}}, Reset: policy.Requirement{Count: 1, Allowed: []factor.Kind{factor.TOTP}}}),
		staff(two, policy.Policy{
			Name: "Finance", Scope: policy.Scope{Attributes: []policy.Attribute{{Name: "department", Values: []string{"finance"}}}}, Actions: []policy.Action{policy.Unlock},
			Reset: policy.Requirement{Count: 1, Allowed: []factor.Kind{factor.TOTP, factor.BackupCode}},
		}),
	}
	documents[1].Rules = []policy.Rule{{Name: "No mail", Then: policy.Effect{Drop: []factor.Kind{factor.Mail}}}}
	first := version(t, documents[0], links)
	crowd, err := h.Gather(t.Context(), first, nil)
	if err != nil {
		t.Fatal(err)
	}
	differed := false
	for i, a := range documents {
		for j, b := range documents {
			was, will := version(t, a, links), version(t, b, links)
			if !crowd.Fits(will) {
				t.Fatal("the crowd does not fit")
			}
			want, err := h.Compare(t.Context(), was, will, preview.Options{Names: 100})
			if err != nil {
				t.Fatal(err)
			}
			got, err := crowd.Look(t.Context(), was, will, preview.Ask{Names: 100, At: noon()})
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got.Report, want) {
				t.Errorf("%d to %d:\n got %+v\nwant %+v", i, j, got.Report, want)
			}
			differed = differed || want.Changed > 0
		}
	}
	if !differed {
		t.Error("nothing ever differed")
	}
	if crowd.Fits(version(t, documents[0], nil)) {
		t.Error("a version with other links has the same people")
	}
}

func TestLookCountsWhomAPolicyHolds(t *testing.T) {
	h, links := crowded(t)
	before := version(t, staff(policy.Requirement{Count: 2}), links)
	after := version(t, staff(policy.Requirement{Count: 2}, policy.Policy{
		Name: "Berlin", Scope: policy.Scope{OUs: []policy.OU{{DN: "OU=Berlin,OU=Staff,DC=corp,DC=example,DC=test"}}}, Reset: policy.Requirement{Count: 2},
	}), links)
	crowd, err := h.Gather(t.Context(), before, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := crowd.Look(t.Context(), before, after, preview.Ask{Policy: "Berlin", Names: 3, At: noon()})
	if err != nil {
		t.Fatal(err)
	}
	if got.Was["Berlin"] != 0 || got.Will["Berlin"] != 8 || len(got.Sample) != 3 || !strings.HasPrefix(got.Sample[0], "p") {
		t.Errorf("%v, %v, %v", got.Was, got.Will, got.Sample)
	}
	var sum int64
	for _, n := range got.Will {
		sum += n
	}
	if sum != got.People || got.People != crowd.People() {
		t.Errorf("%d people are held, of %d", sum, got.People)
	}
}

func TestLiveReadsOnceAndForgets(t *testing.T) {
	h, links := crowded(t)
	var later atomic.Int64
	h.Now = func() time.Time { return noon().Add(time.Duration(later.Load())) }
	live := preview.NewLive(&h.Service)
	defer live.Close()
	snap := version(t, staff(policy.Requirement{Count: 2}), links)
	one, err := live.Wait(t.Context(), snap)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := live.Crowd(snap); again != one {
		t.Error("it was read again")
	}
	later.Add(int64(6 * time.Minute))
	if old, _ := live.Crowd(snap); old != one {
		t.Error("nobody is there while they are read again")
	}
	later.Add(int64(16 * time.Minute))
	live.Close() // what is read is over
	if err := live.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c, _ := live.Crowd(snap); c != nil {
		t.Error("it is still in memory")
	}
}

// BenchmarkLook compares two versions over a hundred thousand people in memory.
func BenchmarkLook(b *testing.B) {
	h := newHouse(b)
	if _, err := h.pool.Exec(b.Context(), crowd); err != nil {
		b.Fatal(err)
	}
	before := version(b, staff(policy.Requirement{Count: 2}), nil)
	after := version(b, staff(policy.Requirement{Count: 2}, policy.Policy{
		Name: "Team 7", Scope: policy.Scope{Groups: []string{`CORP\Team 2007`}}, Reset: policy.Requirement{Count: 2, Mandatory: []factor.Kind{factor.BackupCode}},
	}), nil)
	began := time.Now()
	all, err := h.Gather(b.Context(), before, nil)
	if err != nil || all.People() != 98_000 {
		b.Fatal(all.People(), err)
	}
	gathered := time.Since(began)
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		got, err := all.Look(b.Context(), before, after, preview.Ask{Names: 10, At: noon()})
		if err != nil || got.Changed == 0 {
			b.Fatal(got.Changed, err)
		}
		took = append(took, time.Since(began))
	}
	b.ReportMetric(gathered.Seconds(), "gather-s")
	b.ReportMetric(float64(slices.Max(took).Milliseconds()), "most-ms")
}
