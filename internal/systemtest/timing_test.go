package systemtest

import (
	"cmp"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/jackc/pgx/v5"

	"rekey/internal/lab"
	"rekey/internal/lab/people"
	"rekey/internal/lab/visitor"
)

const (
	// rounds is how often a known and an unknown name are compared.
	rounds = 500
	// block is how many visits are judged by their fastest: what else a machine does only makes a visit slower.
	block = 20
	// alike is how far the fastest may be from a toss of a coin. Of 25 blocks each, two samples of one distribution are further apart once
	// in five hundred times, and then not twice in a row; one question more to the directory moves them by 0.35 and more.
	alike = 0.25
)

// asked are the requests of one visit, in their order.
var asked = [...]string{"start", "page of ways", "choice", "page of the question", "wrong answer", "page of the refusal"}

// visit is how long each request took.
type visit [len(asked)]time.Duration

// TestAttack16KnownAndUnknownTakeAsLong compares names somebody has with names nobody has: one question more to the directory or to the
// database for one of them would show. It runs by itself.
func TestAttack16KnownAndUnknownTakeAsLong(t *testing.T) {
	s := newStopwatch(t, theLab(t))
	first := s.quietSample()
	suspects := first.suspects(t)
	if len(suspects) == 0 {
		return
	}
	again := s.quietSample().suspects(t)
	for what, more := range suspects {
		if second, ok := again[what]; ok && (more > 0) == (second > 0) {
			t.Errorf("%s: a name somebody has differs from one nobody has, twice: %+.2f, %+.2f", what, more, second)
		}
	}
}

// quietSample measures again when the machine was so busy that one question more would have been missed. On one that stays busy only
// larger differences are seen; that is said, and is no reason to fail.
func (s *stopwatch) quietSample() sample {
	const most = 2
	for n := 1; ; n++ {
		got := s.measure()
		if got.canTell(s.t) {
			return got
		}
		if n == most {
			s.t.Log("the machine is too busy to see one question more")
			return got
		}
	}
}

// sample is what was measured over all rounds.
type sample struct {
	known, unknown []visit
	ldap, sql      []time.Duration // one question each
}

// suspects are the requests that take longer for one of both, with how much more often than half of the time.
func (s sample) suspects(t *testing.T) map[string]float64 {
	found := map[string]float64{}
	for i, what := range asked {
		more := longer(series(s.known, i), series(s.unknown, i)) - 0.5
		t.Logf("%-22s %+.2f", what, more)
		if more < -alike || more > alike {
			found[what] = more
		}
	}
	return found
}

// canTell reports whether the sample would show a question more.
func (s sample) canTell(t *testing.T) bool {
	sharp := true
	for i, what := range asked {
		if i%2 == 1 {
			continue // a page: nothing is looked up for it
		}
		plain := series(s.unknown, i)
		ldap, sql := longer(plus(plain, s.ldap), plain)-0.5, longer(plus(plain, s.sql), plain)-0.5
		t.Logf("%-22s with one question more: directory %+.2f, database %+.2f", what, ldap, sql)
		if ldap < alike || i > 0 && sql < alike { // the first request is long: its questions to the database are counted elsewhere
			sharp = false
		}
	}
	return sharp
}

func series(vs []visit, i int) []time.Duration {
	out := make([]time.Duration, len(vs))
	for k, v := range vs {
		out[k] = v[i]
	}
	return out
}

func plus(a, b []time.Duration) []time.Duration {
	out := make([]time.Duration, len(a))
	for i := range a {
		out[i] = a[i] + b[i]
	}
	return out
}

// longer is the chance that the fastest of a block of a takes longer than that of b.
func longer(a, b []time.Duration) float64 { return chance(fastest(a), fastest(b)) }

// chance is how likely one of a takes longer than one of b (Mann and Whitney's U over the number of pairs).
func chance(a, b []time.Duration) float64 {
	sum := 0.0
	for _, x := range a {
		for _, y := range b {
			sum += float64(1+cmp.Compare(x, y)) / 2
		}
	}
	return sum / float64(len(a)*len(b))
}

func fastest(ds []time.Duration) []time.Duration {
	var out []time.Duration
	for b := range slices.Chunk(ds, block) {
		out = append(out, slices.Min(b))
	}
	return out
}

// stopwatch visits with names and takes the time.
type stopwatch struct {
	t              *testing.T
	lab            *lab.Lab
	known, unknown []string
	ldap           *ldap.Conn
	sql            *pgx.Conn
}

func newStopwatch(t *testing.T, l *lab.Lab) *stopwatch {
	s := &stopwatch{t: t, lab: l, sql: connect(t, l)}
	var one *actor
	for i := range 6 {
		one = play(t, l, "clock"+strconv.Itoa(i+1))
		s.known = append(s.known, one.UPN)
	}
	for i := 0; len(s.unknown) < len(s.known); i++ {
		name := "clerk" + strconv.Itoa(i) + "@" + people.Corp.Name
		ways := walkIn(t, l.Portal.URL()).start("reset", name).Options("method")
		if slices.Contains(ways, "totp") && slices.Contains(ways, "mail") {
			s.unknown = append(s.unknown, name)
		}
	}
	s.ldap = one.dial(t)
	t.Cleanup(func() { _ = s.ldap.Close() })
	if err := s.ldap.Bind(l.Domain(people.Corp).Service()); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stopwatch) measure() sample {
	var m sample
	for i := range rounds {
		s.forgive(i)
		method := []string{"totp", "mail"}[i%2]
		known := func() { m.known = append(m.known, s.visit(s.known, method)) }
		unknown := func() { m.unknown = append(m.unknown, s.visit(s.unknown, method)) }
		if rand.N(2) == 0 {
			known()
			unknown()
		} else {
			unknown()
			known()
		}
		m.ldap, m.sql = append(m.ldap, s.askDirectory()), append(m.sql, s.askDatabase())
	}
	return m
}

// forgive keeps wrong answers from adding up to a hold.
func (s *stopwatch) forgive(round int) {
	if round%10 != 0 {
		return
	}
	if _, err := s.sql.Exec(s.t.Context(), `UPDATE counter SET failures = 0`); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stopwatch) visit(names []string, method string) visit {
	watch := &timed{with: with{"X-Forwarded-For": nextAddress()}}
	w := walk{visitor.New(s.lab.Portal.URL(), watch), s.t}
	w.open("/")
	watch.took = nil
	w.submit("/start/reset", visitor.Fields{"name": names[rand.N(len(names))]})
	w.choose(method)
	page := w.answer("00000000")
	if len(page.Problems) == 0 || len(watch.took) != len(asked) {
		s.t.Fatalf("%d requests: %s", len(watch.took), page.Text)
	}
	return visit(watch.took)
}

// timed takes the time of every request.
type timed struct {
	with
	took []time.Duration
}

// RoundTrip implements http.RoundTripper.
func (c *timed) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := c.with.RoundTrip(r)
	c.took = append(c.took, time.Since(began))
	return resp, err
}

func (s *stopwatch) askDirectory() time.Duration {
	began := time.Now()
	_, err := s.ldap.Search(&ldap.SearchRequest{
		BaseDN: s.lab.Domain(people.Corp).BaseDN(), Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: []string{"objectSid"},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return time.Since(began)
}

func (s *stopwatch) askDatabase() time.Duration {
	began := time.Now()
	number(s.t, s.sql, `SELECT count(*) FROM credential WHERE directory = '' AND object = ''`)
	return time.Since(began)
}
