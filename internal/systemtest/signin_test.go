package systemtest

import (
	"strconv"
	"testing"
	"time"

	"rekey/internal/lab/people"
	"rekey/internal/lab/visitor"
)

// TestAttack16WrongPasswordsTakeAsLong: the directory counts a wrong password of somebody it knows, which takes it time. Whoever tries
// one, to sign in or to change it, must not notice.
func TestAttack16WrongPasswordsTakeAsLong(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	const tries = 25 // 25 of either are further from a toss of a coin than 0.35 once in ten thousand times
	a := play(t, l, "typist1")
	conn := connect(t, l)
	for _, c := range []struct {
		page, form string
		fields     visitor.Fields
	}{
		{"/account", "/account/sign-in", visitor.Fields{"password": "Not-The-Passw0rd!"}},
		{"/change", "/flow/finish", visitor.Fields{"current": "Not-The-Passw0rd!", "password": "Some-Passw0rd!1", "password2": "Some-Passw0rd!1"}},
	} {
		try := func(name string) time.Duration {
			watch := &timed{with: with{"X-Forwarded-For": nextAddress()}}
			w := walk{visitor.New(l.Portal.URL(), watch), t}
			w.open(c.page)
			fields := visitor.Fields{"name": name}
			if c.page == "/change" {
				w.submit("/start/change", fields)
				fields = visitor.Fields{}
			}
			for k, v := range c.fields {
				fields[k] = v
			}
			watch.took = nil
			if page := w.submit(c.form, fields); len(page.Problems) == 0 {
				t.Fatalf("%s: %s", c.page, page.Text)
			}
			return watch.took[0]
		}
		var known, unknown []time.Duration
		for i := range tries {
			if !a.binds(t, a.Password) { // the directory forgets what was wrong before
				t.Fatal("the password is another one")
			}
			if _, err := conn.Exec(t.Context(), `DELETE FROM counter WHERE key = $1`, "account:"+a.id(t).String()); err != nil {
				t.Fatal(err)
			}
			known, unknown = append(known, try(a.UPN)), append(unknown, try("typist"+strconv.Itoa(100+i)+"@"+people.Corp.Name))
		}
		if more := chance(known, unknown) - 0.5; more < -0.35 || more > 0.35 {
			t.Errorf("%s: a wrong password of somebody known differs: %+.2f", c.page, more)
		}
		if n := a.attribute(t, "badPwdCount"); n != "1" {
			t.Errorf("%s: the directory counted %s wrong passwords, so this proves nothing", c.page, n)
		}
	}
}
