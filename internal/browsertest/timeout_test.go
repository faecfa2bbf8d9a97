package browsertest

import (
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"rekey/internal/lab/browser"
	"rekey/internal/lab/people"
)

// watch gives the pages a clock that can be put forward.
const watch = `(() => {
	const now = Date.now;
	let ahead = 0;
	Date.now = () => now() + ahead;
	window.putForward = (seconds) => (ahead += seconds * 1000);
})()`

func putForward(b *tab, seconds int) {
	b.t.Helper()
	browser.Eval[int](b.Page, "putForward("+strconv.Itoa(seconds)+")")
}

// TestThePersonIsAskedBeforeTimeIsOver: and can stay with one press, at a reset and on "My account" (WCAG 2.2.1).
func TestThePersonIsAskedBeforeTimeIsOver(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "zoe", people.Sales)
	b := newTab(t, browser.Options{})
	b.Inject(watch)
	p.begin(b, toReset)
	putForward(b, 9*60+1)
	b.Wait("the question", `document.querySelector("dialog").open`)
	b.See("Do you need more time?")
	b.axe()
	b.Click("Stay on this page")
	b.Wait("the answer", `!document.querySelector("dialog").open`)
	b.Wait("the new time", `performance.getEntriesByType("resource").some((e) => e.name.endsWith("/flow/extend") && e.responseStatus === 200)`)
	b.Pick(mail) // what was done so far is kept
	b.Press("Continue")
	b.SeeHeading("Enter the code we sent you")

	putForward(b, 9*60+1)
	b.Wait("the question", `document.querySelector("dialog").open`)
	age(t, p, agedFlow)
	putForward(b, 60)
	b.SeeHeading("This took too long")
	b.look()
	b.Press("Start again")
	b.SeeHeading("Get back into your account")

	p.signIn(b)
	putForward(b, 9*60+1)
	b.Wait("the question", `document.querySelector("dialog").open`)
	b.Click("Stay on this page")
	b.Wait("the answer", `!document.querySelector("dialog").open`)
	b.Press("Rename Authenticator app")
	age(t, p, agedSession)
	b.Fill("Name", "Too late")
	b.Press("Save")
	b.SeeHeading("My account")
	b.See("To keep your account safe, we sign you out after a while.")
}

// What ages the one thing a person has open.
const (
	agedFlow = `WITH aged AS (UPDATE flow SET document = jsonb_set(document, '{touched}', to_jsonb(now() - interval '1 hour'))
		WHERE ended IS NULL AND document->>'name' = $1 RETURNING 1) SELECT count(*) FROM aged`
	agedSession = `WITH aged AS (UPDATE session SET touched = now() - interval '1 hour' WHERE ended IS NULL AND name = $1 RETURNING 1)
		SELECT count(*) FROM aged`
)

// age makes it so that what a person has open was last used an hour ago.
func age(t *testing.T, p *person, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.lab.Portal.Config().Database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var n int
	if err := conn.QueryRow(t.Context(), statement, p.UPN).Scan(&n); err != nil || n != 1 {
		t.Fatalf("aged %d: %v", n, err)
	}
}
