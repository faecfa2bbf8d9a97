package systemtest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rekey/internal/lab"
	"rekey/internal/lab/people"
	"rekey/internal/lab/visitor"
)

// TestAttack16EverybodyElseLooksUnknown: people recovery does not help, and names nobody has, get the answers a known person gets, to the
// letter, but for which ways they are offered.
func TestAttack16EverybodyElseLooksUnknown(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	known := play(t, l, "shape1")
	for _, action := range []string{"reset", "unlock"} {
		want := map[string][]string{}
		for _, method := range []string{"totp", "mail", "backup-code"} {
			want[method] = look(t, l, action, known.UPN, method)
		}
		others := map[string]string{
			"nobody": "nemo", "disabled": "gone", "expired": "temp", "nothing set up": "newbie", "too little set up": "halfway", "excluded": "freelance",
		}
		if action == "unlock" {
			delete(others, "excluded") // contractors may unlock
		}
		for why, sam := range others {
			name := sam + "@" + people.Corp.Name
			method := typable(walkIn(t, l.Portal.URL()).start(action, name))
			got := look(t, l, action, name, method)
			for i := range want[method] {
				if got[i] != want[method][i] {
					t.Errorf("%s, %s (%s): answer %d:\n%s\nof a known person:\n%s", action, why, method, i+1, got[i], want[method][i])
				}
			}
		}
	}
}

// look gives everything a visitor can see of a visit that ends with a wrong answer, but what differs with every visit.
func look(t *testing.T, l *lab.Lab, action, name, method string) []string {
	t.Helper()
	r := &recorder{with: with{"X-Forwarded-For": nextAddress()}, name: name}
	w := walk{visitor.New(l.Portal.URL(), r), t}
	w.start(action, name)
	w.choose(method)
	w.answer("00000000")
	w.submit("/flow/back", nil)
	w.submit("/flow/cancel", nil)
	if len(r.seen) < 10 {
		t.Fatalf("%d answers", len(r.seen))
	}
	return r.seen
}

// recorder keeps the answers a visitor gets.
type recorder struct {
	with
	name string
	seen []string
}

// RoundTrip implements http.RoundTripper.
func (c *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.with.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var b strings.Builder
	fmt.Fprintln(&b, resp.Status)
	for _, name := range slices.Sorted(maps.Keys(resp.Header)) {
		switch name {
		case "Date", "X-Request-Id", "Content-Length":
			fmt.Fprintln(&b, name)
		default:
			fmt.Fprintln(&b, name, resp.Header[name])
		}
	}
	c.seen = append(c.seen, c.plain(b.String()+string(body)))
	return resp, nil
}

// plain takes out what differs with every visit, and the ways that are offered.
func (c *recorder) plain(s string) string {
	for _, p := range [][2]string{
		{`flow=[\w-]{20,}`, "flow=TOKEN"},
		{`name="at" value="[\w-]+\.(\d+)"`, `name="at" value="ID.$1"`},
		{`data-timeout="\d+"`, `data-timeout="N"`},
		{`(?s)<fieldset class="choices">.*?</fieldset>`, "WAYS"},
	} {
		s = regexp.MustCompile(p[0]).ReplaceAllString(s, p[1])
	}
	return strings.ReplaceAll(s, c.name, "NAME")
}

// TestAttack16WaysOfUnknownNames: one name nobody has shows the same ways every time and however it is typed, and different names show
// different ones, as people do.
func TestAttack16WaysOfUnknownNames(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	ways := func(name string) string {
		return strings.Join(walkIn(t, l.Portal.URL()).start("reset", name).Options("method"), " ")
	}
	sets := map[string]int{}
	const names = 250 // the rarest set is that of one in 24
	for i := range names {
		sets[ways("nemo"+strconv.Itoa(i))]++
	}
	for _, real := range []string{"totp mail", "totp backup-code mail", "passkey totp"} { // what many people have
		if sets[real] == 0 {
			t.Errorf("no name has %q: %v", real, sets)
		}
	}
	for set, n := range sets {
		if n > names/2 || strings.Count(set, " ") == 0 {
			t.Errorf("%d of %d names have %q", n, names, set)
		}
	}
	first := ways("nemo1")
	for range 2 {
		for _, name := range spellings("nemo1") {
			if got := ways(name); got != first {
				t.Errorf("%q shows %q, and nemo1 %q", name, got, first)
			}
		}
	}
}

// TestAttack16OnlyTheOfficeIsToldOfTooFewWays: whoever comes from elsewhere is shown what a name nobody has is shown.
func TestAttack16OnlyTheOfficeIsToldOfTooFewWays(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	for i, sam := range []string{"newbie", "halfway"} {
		inside := walk{browseFrom(l.Portal.URL(), "192.0.2."+strconv.Itoa(16+i)), t}
		if page := inside.start("reset", sam); page.Path != "/stopped/reset" {
			t.Errorf("%s in the office: %s", sam, page.Text)
		}
		if page := walkIn(t, l.Portal.URL()).start("reset", sam); page.Path != "/flow" || !has(page, "/flow/choose") {
			t.Errorf("%s elsewhere: %s", sam, page.Text)
		}
	}
}
