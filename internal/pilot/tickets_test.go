package pilot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rekey/internal/pilot"
)

// day reads one.
func day(t testing.TB, s string) pilot.Day {
	t.Helper()
	d, err := pilot.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func sheet(t testing.TB) pilot.Sheet {
	t.Helper()
	return pilot.Sheet{File: "tickets.csv", Pilots: []pilot.Pilot{{Name: "Desk"}, {Name: "Sales, North"}}, Last: day(t, "2026-11-25")}
}

func TestSheetsThatAreRead(t *testing.T) {
	for _, c := range []struct {
		name, text, of string
		want           []string
	}{
		{"plain", "day,tickets\n2026-11-02,41\n2026-11-03,0\n", "", []string{"2026-11-02 41 ", "2026-11-03 0 "}},
		{"of a pilot", "day,tickets\n2026-11-02,41", "Desk", []string{"2026-11-02 41 Desk"}},
		{"by group", "day,tickets,group\n2026-11-02,41,Desk\n2026-11-02,7,\"Sales, North\"\n2026-11-02,99,\n", "", []string{"2026-11-02 41 Desk", "2026-11-02 7 Sales, North", "2026-11-02 99 "}},
		{"as a spreadsheet writes it", "\ufeffDay;Tickets;Group\r\n2026-11-02;41;Desk\r\n", "", []string{"2026-11-02 41 Desk"}},
		{"spaces and empty lines", "day, tickets\n\n 2026-11-02 , 41 \n", "", []string{"2026-11-02 41 "}},
		{"today", "day,tickets\n2026-11-25,1\n", "", []string{"2026-11-25 1 "}},
	} {
		s := sheet(t)
		s.Of = c.of
		all, err := s.Read(strings.NewReader(c.text))
		var got []string
		for _, one := range all {
			got = append(got, fmt.Sprintf("%s %d %s", one.Day, one.Count, one.Of))
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}

func TestSheetsThatAreRefused(t *testing.T) {
	for _, c := range []struct{ name, text, of, want string }{
		{"empty", "", "", `tickets.csv:1: want the header "day,tickets"`},
		{"no header", "2026-11-02,41\n", "", `tickets.csv:1: want the header "day,tickets"`},
		{"no figure", "day,tickets\n", "", "tickets.csv: holds no figure"},
		{"no day", "day,tickets\n2026-11-02,1\n02.11.2026,41\n", "", `tickets.csv:3: want a day such as 2026-11-03, got "02.11.2026"`},
		{"a day there is not", "day,tickets\n2026-11-31,41\n", "", "tickets.csv:2: want a day"},
		{"no number", "day,tickets\n2026-11-02,many\n", "", `tickets.csv:2: want a number of tickets, got "many"`},
		{"half a ticket", "day,tickets\n2026-11-02,4.5\n", "", "tickets.csv:2: want a number of tickets"},
		{"fewer than none", "day,tickets\n2026-11-02,-1\n", "", "tickets.csv:2: want 0 to 1000000 tickets, got -1"},
		{"more than anybody has", "day,tickets\n2026-11-02,20261102\n", "", "tickets.csv:2: want 0 to 1000000 tickets"},
		{"a day to come", "day,tickets\n2026-11-26,1\n", "", "tickets.csv:2: 2026-11-26 is yet to come"},
		{"a day long ago", "day,tickets\n1026-11-26,1\n", "", "tickets.csv:2: 1026-11-26 is too long ago"},
		{"a column too many", "day,tickets\n2026-11-02,1,Desk\n", "", "tickets.csv:2: want 2 columns, got 3"},
		{"a column too few", "day,tickets,group\n2026-11-02,1\n", "", "tickets.csv:2: want 3 columns, got 2"},
		{"a pilot there is not", "day,tickets,group\n2026-11-02,1,desk\n", "", `tickets.csv:2: no pilot "desk": there are Desk, Sales, North`},
		{"whose is said twice", "day,tickets,group\n2026-11-02,1,Desk\n", "Desk", "tickets.csv:1: the file says itself"},
		{"a day that comes twice", "day,tickets,group\n2026-11-02,1,Desk\n2026-11-02,1,\n2026-11-02,2,Desk\n", "", "tickets.csv:4: 2026-11-02 is on line 2 already"},
		{"a quote that does not end", "day,tickets\n2026-11-02,\"1\n", "", "tickets.csv:2: "},
	} {
		s := sheet(t)
		s.Of = c.of
		if all, err := s.Read(strings.NewReader(c.text)); err == nil || !strings.HasPrefix(err.Error(), c.want) || all != nil {
			t.Errorf("%s: %v, %v", c.name, all, err)
		}
	}
}

// TestEveryBadLineIsNamed, up to a screenful; what is good among them is not given.
func TestEveryBadLineIsNamed(t *testing.T) {
	all, err := sheet(t).Read(strings.NewReader("day,tickets\nx,1\n2026-11-02,1\n2026-11-03,x\n"))
	if err == nil || all != nil || strings.Count(err.Error(), "\n") != 1 || !strings.Contains(err.Error(), "tickets.csv:2: ") || !strings.Contains(err.Error(), "tickets.csv:4: ") {
		t.Errorf("%v, %v", all, err)
	}
	_, err = sheet(t).Read(strings.NewReader("day,tickets\n" + strings.Repeat("x,1\n", 1000)))
	if err == nil || strings.Count(err.Error(), "\n") != 20 {
		t.Errorf("of a thousand: %v", err)
	}
}

// FuzzSheet: whatever a file holds, all its figures are sound and none comes twice, or it is refused by name.
func FuzzSheet(f *testing.F) {
	for _, s := range []string{
		"day,tickets\n2026-11-02,41\n", "day;tickets;group\r\n2026-11-02;41;Desk\r\n", "\ufeffday,tickets\n", "day,tickets\n\"2026-11-02\",\"1\n2\"\n", "\"", "day,tickets\n,\n", "day,tickets\n\n \n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := sheet(t)
		all, err := s.Read(strings.NewReader(text))
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "tickets.csv:") && !strings.HasPrefix(line, "and no further") {
					t.Errorf("%q: %v", text, err)
				}
			}
			if all != nil {
				t.Errorf("%q: refused, but %v", text, all)
			}
			return
		}
		seen := map[string]bool{}
		for _, one := range all {
			key := one.Of + one.Day.String()
			if err := one.Check(s.Pilots, s.Last); err != nil || seen[key] {
				t.Errorf("%q: %+v, %v", text, one, err)
			}
			seen[key] = true
		}
	})
}

func TestDays(t *testing.T) {
	for _, c := range []struct {
		at    string
		ahead time.Duration
		want  string
	}{
		{"2026-11-02T23:30:00Z", 0, "2026-11-02"},
		{"2026-11-02T23:30:00Z", time.Hour, "2026-11-03"},
		{"2026-11-02T07:30:00Z", -8 * time.Hour, "2026-11-01"},
		{"1969-12-31T23:59:59Z", 0, "1969-12-31"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := pilot.DayAt(at, c.ahead).String(); got != c.want {
			t.Errorf("%s, %s ahead: %s", c.at, c.ahead, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-1e10, 1e11).Draw(t, "at"), 0)
		ahead := time.Duration(rapid.IntRange(-14*60, 14*60).Draw(t, "minutes")) * time.Minute
		d := pilot.DayAt(at, ahead)
		if want := at.In(time.FixedZone("", int(ahead/time.Second))).Format(time.DateOnly); d.String() != want {
			t.Fatalf("%s, want %s", d, want)
		}
		var again pilot.Day
		if err := again.UnmarshalText([]byte(d.String())); err != nil || again != d {
			t.Fatalf("%s read back as %s, %v", d, again, err)
		}
	})
}
