package overviewui_test

import (
	"encoding/csv"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"rekey/internal/audit"
	"rekey/internal/factor"
	"rekey/internal/lint"
	"rekey/internal/report"
	"rekey/internal/role"
	"rekey/internal/server/console"
	"rekey/internal/server/consoletest"
)

const reports = console.ReportsURL

var pages = []string{
	console.OverviewURL, console.OverviewURL + "/health", reports, reports + "/coverage", reports + "/coverage?by=unit", reports + "/coverage/survey", reports + "/people",
	reports + "/attempts", reports + "/methods", reports + "/savings",
	reports + "/coverage.csv", reports + "/people.csv", reports + "/attempts.csv", reports + "/methods.csv", reports + "/savings.csv",
}

var tag = regexp.MustCompile(`<[^>]*>|\s+`)

// words is a page as it is read.
func words(a consoletest.Answer) string {
	return strings.Join(strings.Fields(html.UnescapeString(tag.ReplaceAllString(a.Body, " "))), " ")
}

func has(t *testing.T, a consoletest.Answer, texts ...string) {
	t.Helper()
	if a.Status != http.StatusOK {
		t.Fatalf("status %d: %s", a.Status, words(a))
	}
	said := words(a)
	for _, text := range texts {
		if !strings.Contains(said, text) {
			t.Errorf("not said: %q, in\n%s", text, said)
		}
	}
}

// well is everything working.
func well() []report.Part {
	return []report.Part{
		{Kind: report.PartDatabase, Name: "Database", State: report.Good, Word: "answers", Took: time.Millisecond},
		{Kind: report.PartDirectory, Name: consoletest.Domain, State: report.Good, Word: "writes", Took: 38 * time.Millisecond},
	}
}

func TestPagesOfEachRole(t *testing.T) {
	w := newWard(t)
	w.Refused(nil)
	for _, r := range []role.Role{role.Owner, role.PolicyAdmin, role.Auditor, role.Reporter} {
		c := w.Client(r)
		for _, p := range pages {
			if got := c.Get(p); got.Status != http.StatusOK {
				t.Errorf("%s as %s: status %d", p, r, got.Status)
			}
		}
	}
}

func TestCanPeopleResetNow(t *testing.T) {
	w := newWard(t)
	owner, reporter := w.Client(role.Owner), w.Client(role.Reporter)
	has(t, owner.Get(console.OverviewURL), "Can people reset now? Not known yet")
	w.beat(well()...)
	has(t, owner.Get(console.OverviewURL), "Can people reset now? Yes, everywhere", "writes", "38 ms")
	down := well()
	down[1].State, down[1].Word, down[1].Note = report.Bad, "out of reach", "dc1 refused <b>10.0.0.1</b>"
	w.Advance(3 * time.Minute)
	w.beat(down...)
	got := owner.Get(console.OverviewURL)
	has(t, got, "Can people reset now? No", "No password can be written: corp.example.test.", "dc1 refused <b>10.0.0.1</b>", "3 min ago")
	if strings.Contains(got.Body, "<b>10.0.0.1</b>") {
		t.Error("a note is markup")
	}
	if got := reporter.Get(console.OverviewURL); strings.Contains(got.Body, "10.0.0.1") || !strings.Contains(got.Body, "out of reach") {
		t.Error("a reporter reads what servers said")
	}
}

// TestThePageStopsLooking: a page that is only left open must not keep its session.
func TestThePageStopsLooking(t *testing.T) {
	w := newWard(t)
	w.beat(well()...)
	c := w.Client(role.Reporter)
	next, looks := console.OverviewURL, 0
	for ; next != ""; looks++ {
		if looks > 100 {
			t.Fatal("it looks without an end")
		}
		got := c.Part(http.MethodGet, next, nil)
		has(t, got, "Yes, everywhere")
		at := regexp.MustCompile(`hx-get="(/admin/overview/health[^"]*)"`).FindStringSubmatch(got.Body)
		if next = ""; at != nil {
			next = html.UnescapeString(at[1])
		} else {
			has(t, got, "Look again")
		}
	}
	if looks < 10 {
		t.Errorf("only %d looks", looks)
	}
}

func TestFirstSteps(t *testing.T) {
	w := newWard(t)
	c := w.Client(role.Owner)
	w.advice = []lint.Finding{{Code: lint.BuiltInDefault, Level: lint.Warning, Path: "defaults", Text: "nobody wrote a policy"}}
	has(t, c.Get(console.OverviewURL), "What to do next", "done Connect a directory", "to do Write a policy", "to do Have people set up", "nobody wrote a policy")
	w.advice = nil
	w.copied([2]string{"anna", "Staff"})
	w.enrolled("anna", factor.TOTP)
	w.done(1, w.Now().Add(-time.Hour))
	w.update()
	w.counted()
	if got := words(c.Get(console.OverviewURL)); strings.Contains(got, "What to do next") {
		t.Errorf("still asked for: %s", got)
	}
}

// TestFigures tells attempts by hand: 4 finished and 2 refused yesterday, one given up and one under nobody's name today.
func TestFigures(t *testing.T) {
	w := newWard(t)
	noon := time.Date(w.Now().Year(), w.Now().Month(), w.Now().Day(), 12, 0, 0, 0, time.UTC)
	w.Advance(noon.Add(30 * time.Hour).Sub(w.Now())) // early in the evening of the day after
	today, yesterday := w.Now().Add(-2*time.Hour), w.Now().Add(-26*time.Hour)
	for i := range 4 {
		w.done(i, yesterday)
	}
	for i := range 2 {
		w.tell(fmt.Sprint("blocked", i), id("ben"), yesterday, audit.Event{Name: audit.ProofRejected, Outcome: audit.Refused, Reason: "wrong-code", Factors: []factor.Kind{factor.TOTP}},
			audit.Event{Name: audit.AccountBlocked, Outcome: audit.Refused, Reason: "too-many"}, audit.Event{Name: audit.FlowRefused, Outcome: audit.Refused, Reason: "blocked"})
	}
	w.tell("left", id("ben"), today, audit.Event{Name: audit.ProofRequested, Outcome: audit.OK, Factors: []factor.Kind{factor.Mail}}, audit.Event{Name: audit.FlowExpired, Outcome: audit.Refused, Reason: "timeout"})
	w.tell("nobody", account0(), today)
	w.done(9, today)
	w.update()
	c := w.Client(role.Reporter)
	has(t, c.Get(console.OverviewURL+"?range=7&zone=UTC"), "Resets today 1", "Finished of those that ended 62.5 %", "Median time 30 s", "Accounts blocked Too many wrong answers: a person at a loss, or somebody else who guesses. 2 0",
		"under names that somebody has. 2 0", "Names nobody has Attempts under names that recovery cannot help. Many of them: somebody tries names out. 1 0",
		"First proof Blocked after too many wrong answers (2) 1 2 37.5 %")
	has(t, c.Get(reports+"/attempts?range=7&zone=UTC&policy=Staff&action=reset"), "Began 8", "Finished 5", "Staff 8 5 1 2", "Computer 8 5")
	has(t, c.Get(reports+"/attempts?range=7&action=unlock"), "Began 0")
	has(t, c.Get(reports+"/methods?range=7&zone=UTC"), "Authenticator app", "Code by mail 1 0 0 – 0")
	lines := table(t, c.Get(reports+"/attempts.csv?range=7&zone=UTC"))
	last, before := lines[len(lines)-1], lines[len(lines)-2]
	if len(lines) != 8 || last[0] != w.Now().Format(time.DateOnly) || strings.Join(last[2:10], " ") != "2 1 1 0 0 0 0 1" || strings.Join(before[2:6], " ") != "6 4 0 2" {
		t.Errorf("%q", lines)
	}
	has(t, c.Get(reports+"/savings?range=7&zone=UTC"), "Resets and unlocks finished 5", "Calls not made 5 = 5 × 100 %", "Hours of the help desk 0.8")
	has(t, c.Get(reports+"/savings?range=7&zone=UTC&share=60&minutes=20&cost=45,50&currency=CHF"), "Calls not made 3 = 5 × 60 %", "1.0 = 3.0 calls × 20 min ÷ 60", "Money 46 CHF")
	if got := c.Get(reports + "/savings?share=NaN&minutes=-1&cost=x"); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("nonsense: status %d", got.Status)
	}
}

func table(t *testing.T, a consoletest.Answer) [][]string {
	t.Helper()
	if a.Status != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/csv") || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("status %d, %v", a.Status, a.Header)
	}
	lines, err := csv.NewReader(strings.NewReader(a.Body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestDaysAreChosen(t *testing.T) {
	c := newWard(t).Client(role.Reporter)
	for query, want := range map[string]string{
		"":                     "28 days, UTC",
		"range=90":             "90 days, UTC",
		"range=today&zone=UTC": ", UTC",
		"range=nonsense":       "28 days, UTC",
		"from=2026-03-28&to=2026-03-30&zone=Europe/Berlin":  "28 March 2026 to 30 March 2026, 3 days, Europe/Berlin", // one of them has 23 hours
		"from=2026-11-01&to=2026-11-01&zone=America/Havana": "1 November 2026, America/Havana",
	} {
		has(t, c.Get(reports+"/attempts?"+query), want)
	}
	for query, want := range map[string]string{
		"from=2026-03-30&to=2026-03-28": "The last day is before the first.",
		"from=March":                    "Write a date as in 2026-03-01.",
		"zone=Mars/Olympus":             "There is no such time zone.",
		"zone=../../etc/passwd":         "There is no such time zone.",
	} {
		if got := c.Get(reports + "/attempts?" + query); got.Status != http.StatusUnprocessableEntity || !strings.Contains(words(got), want) {
			t.Errorf("%s: status %d, %s", query, got.Status, words(got))
		}
	}
	zoned := newWard(t).Client(role.Reporter)
	zoned.SetCookie("zone", "Asia/Kathmandu")
	has(t, zoned.Get(reports+"/attempts"), "28 days, Asia/Kathmandu")
}

func TestPeopleBehindCoverage(t *testing.T) {
	w := newWard(t)
	hostile, formula := consoletest.XSS, "=cmd|' /C calc'!A0"
	w.copied([2]string{"anna", "Staff"}, [2]string{"ben", "Staff"}, [2]string{hostile, "Staff"}, [2]string{formula, "Interns"})
	w.enrolled("anna", factor.TOTP)
	w.enrolled("ben", factor.Mail)
	w.counted()
	c := w.Client(role.Reporter)
	has(t, c.Get(console.OverviewURL), "Able to reset now 25.0 % 1 of 4 people", "Staff 3 1 33.3 % 2 0", "Interns 1 0 0.0 % 0 1")
	has(t, c.Get(reports+"/coverage"), "Could reset now 1", "Need to set something up 2 1 have nothing at all", "Cannot, by policy 1")
	has(t, c.Get(reports+"/coverage?by=method"), "Authenticator app 1 1", "Code by mail 1 0")
	all := c.Get(reports + "/people")
	has(t, all, "anna anna@corp.example.test could reset", "Not enough of what the policy asks for is set up", "Nothing is set up", "The policy does not allow resets", hostile, "Staff Staff", "Interns Interns")
	if strings.Contains(all.Body, "<script>alert") {
		t.Error("a name is markup")
	}
	need := words(c.Get(reports + "/people?standing=not-able&policy=Staff"))
	if !strings.Contains(need, "ben ben@") || strings.Contains(need, "anna@") || strings.Contains(need, "cmd|") {
		t.Errorf("who needs to set up: %s", need)
	}
	has(t, c.Get(reports+"/people?name=ANN"), "anna@corp.example.test")
	lines := table(t, c.Get(reports+"/people.csv?policy=Interns"))
	if len(lines) != 2 || lines[1][0] != "'"+formula || lines[1][11] != "The policy does not allow resets" {
		t.Errorf("%q", lines)
	}
	if got := c.Get(reports + "/people?standing=nonsense"); got.Status == http.StatusOK || got.Status >= 500 {
		t.Errorf("a standing that is none: status %d", got.Status)
	}
}

// TestALongListHasPages goes through all pages, and takes the whole list as a file.
func TestALongListHasPages(t *testing.T) {
	w := newWard(t)
	var crowd [][2]string
	for i := range 203 {
		crowd = append(crowd, [2]string{fmt.Sprintf("person%03d", i), "Staff"})
	}
	w.copied(crowd...)
	w.counted()
	c := w.Client(role.Reporter)
	seen, next := map[string]bool{}, reports+"/people?standing=not-registered"
	for pages := 0; next != ""; pages++ {
		got := c.Get(next)
		has(t, got)
		for _, name := range regexp.MustCompile(`person\d+@`).FindAllString(got.Body, -1) {
			if seen[name] {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
		}
		at := regexp.MustCompile(`href="([^"]*)" rel="next"`).FindStringSubmatch(got.Body)
		if next = ""; at != nil {
			next = html.UnescapeString(at[1])
		}
		if pages == 5 {
			t.Fatal("pages without an end")
		}
	}
	if lines := table(t, c.Get(reports+"/people.csv?standing=not-registered")); len(seen) != 203 || len(lines) != 204 {
		t.Errorf("%d people in pages, %d lines", len(seen), len(lines))
	}
}

// TestCountAgain: a survey somebody asks for is made in the background, and its progress is shown.
func TestCountAgain(t *testing.T) {
	w := newWard(t)
	w.copied([2]string{"anna", "Staff"})
	c := w.Client(role.Reporter)
	if got := c.Follow(reports+"/coverage/survey", nil); !strings.Contains(words(got), "Everybody is being counted") {
		t.Fatalf("status %d: %s", got.Status, words(got))
	}
	go func() { _ = w.reports.Run(t.Context()) }()
	late := time.Now().Add(20 * time.Second)
	for !strings.Contains(words(c.Get(reports+"/coverage")), "People 1") {
		if time.Now().After(late) {
			t.Fatal("nobody was counted")
		}
	}
	has(t, c.Part(http.MethodGet, reports+"/coverage/survey", nil), "Everybody was counted")
	for range 8 {
		c.Post(reports+"/coverage/survey", nil)
	}
}

func TestAdviceLeadsToWhereItIsMended(t *testing.T) {
	w := newWard(t)
	for i := range 7 {
		w.advice = append(w.advice, lint.Finding{Code: lint.SingleFactor, Level: lint.Warning, Path: fmt.Sprintf("policies[%d].reset", i), Text: "one way is enough " + consoletest.XSS, Clauses: []string{"NIST SP 800-63B-4"}})
	}
	w.advice = append(w.advice, lint.Finding{Level: lint.Info, Path: "x", Text: "by the way"})
	got := w.Client(role.Owner).Get(console.OverviewURL)
	has(t, got, "warning: one way is enough", "NIST SP 800-63B-4")
	if n := strings.Count(got.Body, "one way is enough"); n != 5 || strings.Contains(got.Body, "by the way") || strings.Contains(got.Body, "<script>alert") {
		t.Errorf("%d findings", n)
	}
}
