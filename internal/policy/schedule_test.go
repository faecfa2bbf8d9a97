package policy_test

import (
	"testing"
	"time"

	"rekey/internal/policy"
)

// asked reports what a condition is: its rule asks for one more where it holds, and only then.
func asked(t testing.TB, d policy.Document, c policy.Condition, f policy.Facts) bool {
	t.Helper()
	d.Rules = []policy.Rule{{Name: "r", When: c, Then: more(1)}}
	return policy.Decide(compile(t, d), f).Requirement.Count == 2
}

func TestSchedules(t *testing.T) {
	d := house()
	d.Schedules["night"] = policy.Schedule{TimeZone: "America/New_York", Hours: []policy.Hours{{Days: []string{"fri"}, From: "22:00", To: "06:00"}}}
	d.Schedules["all day"] = policy.Schedule{Hours: []policy.Hours{{Days: []string{"sat"}, From: "00:00", To: "24:00"}}}
	d.Schedules["office"] = policy.Schedule{
		ZoneOf: &policy.ZoneOf{Attribute: "physicalDeliveryOfficeName", Zones: map[string]string{"Tokyo": "Asia/Tokyo"}},
		Hours:  []policy.Hours{{Days: []string{"tue"}, From: "09:00", To: "17:00"}},
	}
	at := func(s string) time.Time {
		when, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	tokyo := map[string][]string{"physicaldeliveryofficename": {"tokyo"}}
	for _, c := range []struct {
		name, schedule string
		now            time.Time
		attributes     map[string][]string
		want           bool
	}{
		{"begins", "business-hours", at("2026-03-03T07:00:00Z"), nil, true},
		{"a second before", "business-hours", at("2026-03-03T06:59:59Z"), nil, false},
		{"the end is not within", "business-hours", at("2026-03-03T17:00:00Z"), nil, false},
		{"summer time", "business-hours", at("2026-07-07T06:00:00Z"), nil, true},
		{"Saturday", "business-hours", at("2026-03-07T10:00:00Z"), nil, false},
		{"a holiday of every year", "business-hours", at("2028-12-25T10:00:00Z"), nil, false},
		{"a holiday of one year", "business-hours", at("2026-05-01T10:00:00Z"), nil, false},
		{"not of the next", "business-hours", at("2028-05-01T10:00:00Z"), nil, true},
		{"Friday night", "night", at("2026-03-07T04:00:00Z"), nil, true},         // 23:00 on Friday
		{"belongs to Friday", "night", at("2026-03-07T10:59:00Z"), nil, true},    // 05:59 on Saturday
		{"and is over", "night", at("2026-03-07T11:00:00Z"), nil, false},         // 06:00
		{"Thursday's does not", "night", at("2026-03-06T10:00:00Z"), nil, false}, // 05:00 on Friday
		{"the last minute of the day", "all day", at("2026-03-07T23:59:59Z"), nil, true},
		{"the office's zone", "office", at("2026-03-03T00:30:00Z"), tokyo, true},
		{"not yet there", "office", at("2026-03-02T23:30:00Z"), tokyo, false},
		{"an office nobody named cannot be told", "office", at("2026-03-02T23:30:00Z"), nil, true},
		{"nor can a time that is not known", "business-hours", time.Time{}, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := low()
			f.Now, f.Attributes = c.now, c.attributes
			if got := asked(t, d, policy.Condition{Schedules: []string{c.schedule}}, f); got != c.want {
				t.Errorf("%v at %v", got, c.now)
			}
		})
	}
}

func FuzzSchedule(f *testing.F) {
	f.Add("08:00", "18:00", "mon", "Europe/Berlin", "12-25", int64(1772530200))
	f.Add("22:00", "06:00", "sun", "", "2026-02-29", int64(-62135596800))
	f.Fuzz(func(t *testing.T, from, to, day, zone, holiday string, now int64) {
		d := policy.Document{
			Schedules: map[string]policy.Schedule{"s": {TimeZone: zone, Hours: []policy.Hours{{Days: []string{day}, From: from, To: to}}, Holidays: []string{holiday}}},
			Rules:     []policy.Rule{{Name: "r", When: policy.Condition{Schedules: []string{"s"}}, Then: more(1)}},
		}
		p, err := policy.Compile(d, registry())
		if err != nil {
			return
		}
		f := low()
		f.Now = time.Unix(now, 0)
		before := policy.Decide(p, f)
		f.Now = f.Now.In(time.FixedZone("", 5*3600))
		if after := policy.Decide(p, f); after.Requirement.Count != before.Requirement.Count {
			t.Errorf("the zone a moment is written in matters: %d and %d", before.Requirement.Count, after.Requirement.Count)
		}
	})
}

func FuzzNetwork(f *testing.F) {
	f.Add("10.0.0.0/8", "10.1.2.3")
	f.Add("::ffff:10.0.0.0/104", "::ffff:10.1.2.3")
	f.Add("fe80::1%eth0", "fe80::1%eth1")
	f.Fuzz(func(t *testing.T, network, address string) {
		p, err := policy.Compile(policy.Document{Networks: map[string][]string{"n": {network}}}, registry())
		if err != nil {
			return
		}
		a, err := parse(address)
		if err != nil {
			return
		}
		in := p.InNetwork("n", a)
		if p.InNetwork("n", mapped(a)) != in || p.InNetwork("m", a) {
			t.Errorf("%s in %s: %v, but not so when it is written in IPv6, or in a network that nobody named", address, network, in)
		}
	})
}
