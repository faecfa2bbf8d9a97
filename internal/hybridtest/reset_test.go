package hybridtest

import (
	"net/http"
	"testing"

	"rekey/internal/lab/graph"
	"rekey/internal/lab/people"
)

// TestCloudOnlyReset: the new password works, the old one does not, and what was signed in is signed out.
func TestCloudOnlyReset(t *testing.T) {
	t.Parallel()
	a, password := play(t, "only", people.Cloud), fresh()
	before, err := shared.Tenant.SignIn(a.UPN, a.Password)
	if err != nil {
		t.Fatal(err)
	}
	p, err := a.prove(t).Finish(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	has(t, p, "Your password is changed")
	a.opens(t, "", password, a.Password)
	eventually(t, "signed out", func() bool { return !shared.Tenant.Server.Alive(before.Refresh) })
	if u, _ := shared.Tenant.User(a.UPN); u.MustChange {
		t.Error("the person would have to change the password again")
	}
}

// TestHybridReset: one reset, and both accept it.
func TestHybridReset(t *testing.T) {
	t.Parallel()
	a, password := play(t, "both", people.Corp), fresh()
	before, err := shared.Tenant.SignIn(a.UPN, a.Password)
	if err != nil {
		t.Fatal(err)
	}
	v := a.prove(t)
	has(t, v.Page(), "Only letters without accents", "Not your name", "Not made of words") // the tenant's rules and the domain's
	p, err := v.Finish(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	has(t, p, "Your password is changed", "Windows Works now", "Microsoft 365 Works now")
	a.opens(t, password, password, a.Password)
	eventually(t, "signed out", func() bool { return !shared.Tenant.Server.Alive(before.Refresh) })
	if n := a.writes(t); n != 1 {
		t.Errorf("%d writes in the tenant", n)
	}
}

// TestTheTenantIsBusy: Active Directory has the new password, the page says so, and the other half is repeated without proving again.
func TestTheTenantIsBusy(t *testing.T) {
	t.Parallel()
	a, password := play(t, "busy", people.Corp), fresh()
	v := a.prove(t)
	stop := a.fail(t, graph.Fault{Status: http.StatusTooManyRequests, RetryAfter: "60"})
	p, err := v.Finish(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	has(t, p, "One more step", "does not answer now", "Windows Works now", "Microsoft 365 Still the old password")
	a.opens(t, password, a.Password, "")
	stop()
	if p, err = v.Finish(t.Context(), password); err != nil {
		t.Fatal(err)
	}
	has(t, p, "Your password is changed", "Windows Works now", "Microsoft 365 Works now")
	a.opens(t, password, password, a.Password)
}

// TestTheTenantIsGoneAfterTheFirstHalf: nothing can be read there either, and the page still says what has the new password. It runs
// before the tests that run side by side: anybody's account may be what is read for names nobody has.
func TestTheTenantIsGoneAfterTheFirstHalf(t *testing.T) {
	a, password := play(t, "parted", people.Corp), fresh()
	v := a.prove(t)
	u, _ := shared.Tenant.User(a.UPN)
	stopWrites := a.fail(t, graph.Fault{Status: http.StatusServiceUnavailable})
	p, err := v.Finish(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	has(t, p, "One more step")
	stopAll := shared.Tenant.Server.Fail(graph.Fault{Path: u.ID, Status: http.StatusServiceUnavailable})
	t.Cleanup(stopAll)
	if p, err = v.Open(t.Context(), "/flow"); err != nil {
		t.Fatal(err)
	}
	has(t, p, "Windows Works now", "Microsoft 365 Still the old password", "Leave it as it is")
	if p, err = v.Finish(t.Context(), password); err != nil {
		t.Fatal(err)
	}
	has(t, p, "does not answer now", "Windows Works now")
	stopAll()
	stopWrites()
	if p, err = v.Finish(t.Context(), password); err != nil {
		t.Fatal(err)
	}
	has(t, p, "Your password is changed")
	a.opens(t, password, password, a.Password)
}

// TestTheTenantIsBusyForWhoIsOnlyThere: nothing was changed, and the same form works later.
func TestTheTenantIsBusyForWhoIsOnlyThere(t *testing.T) {
	t.Parallel()
	a, password := play(t, "onlybusy", people.Cloud), fresh()
	v := a.prove(t)
	stop := a.fail(t, graph.Fault{Status: http.StatusTooManyRequests, RetryAfter: "60"})
	p, err := v.Finish(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	has(t, p, "Nothing was changed")
	a.opens(t, "", a.Password, password)
	stop()
	if p, err = v.Finish(t.Context(), password); err != nil {
		t.Fatal(err)
	}
	has(t, p, "Your password is changed")
	a.opens(t, "", password, a.Password)
}

// TestTheTenantForbidsIt: what was written stays, and is said; trying again would not help.
func TestTheTenantForbidsIt(t *testing.T) {
	t.Parallel()
	a, password := play(t, "barred", people.Corp), fresh()
	v := a.prove(t)
	a.fail(t, graph.Fault{Status: http.StatusForbidden})
	p, err := v.Finish(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	has(t, p, "Windows Works now", "Microsoft 365 Within 5 minutes") // hash synchronization carries it
	a.opens(t, password, a.Password, "")
}

// TestTheTenantRefusesTheWord: another password for the missing half alone.
func TestTheTenantRefusesTheWord(t *testing.T) {
	t.Parallel()
	a := play(t, "worded", people.Corp)
	v := a.prove(t)
	const refused, taken = "Oktoberfest1!", "Brand-New-Window!77"
	p, err := v.Finish(t.Context(), refused)
	if err != nil {
		t.Fatal(err)
	}
	has(t, p, "One more step", "Windows Works now", "Microsoft 365 Still the old password")
	a.opens(t, refused, a.Password, "")
	if p, err = v.Finish(t.Context(), taken); err != nil {
		t.Fatal(err)
	}
	has(t, p, "Your password is changed")
	a.opens(t, refused, taken, a.Password)
}

// TestTheTenantRefusesTheWordOfWhoIsOnlyThere: nothing was changed.
func TestTheTenantRefusesTheWordOfWhoIsOnlyThere(t *testing.T) {
	t.Parallel()
	a, password := play(t, "onlyword", people.Cloud), fresh()
	v := a.prove(t)
	p, err := v.Finish(t.Context(), "Oktoberfest1!")
	if err != nil {
		t.Fatal(err)
	}
	has(t, p, "does not accept this password")
	a.opens(t, "", a.Password, "Oktoberfest1!")
	if p, err = v.Finish(t.Context(), password); err != nil {
		t.Fatal(err)
	}
	has(t, p, "Your password is changed")
}

// TestTheAnswerIsLostAfterTheWrite: the tenant is asked what became of it, and the write is not repeated.
func TestTheAnswerIsLostAfterTheWrite(t *testing.T) {
	t.Parallel()
	a, password := play(t, "cut", people.Corp), fresh()
	v := a.prove(t)
	a.fail(t, graph.Fault{Apply: true, Cut: true, Times: 1})
	p, err := v.Finish(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	has(t, p, "Your password is changed", "Microsoft 365 Works now")
	a.opens(t, password, password, a.Password)
	if n := a.writes(t); n != 1 {
		t.Errorf("%d writes in the tenant", n)
	}
}

// TestTheOldPasswordIsLeftWhereThePersonLeavesIt: stopping half way says what is left.
func TestTheOldPasswordIsLeftWhereThePersonLeavesIt(t *testing.T) {
	t.Parallel()
	a, password := play(t, "leaver", people.Corp), fresh()
	v := a.prove(t)
	a.fail(t, graph.Fault{Status: http.StatusServiceUnavailable})
	if _, err := v.Finish(t.Context(), password); err != nil {
		t.Fatal(err)
	}
	p, err := v.Submit(t.Context(), "/flow/cancel", nil)
	if err != nil {
		t.Fatal(err)
	}
	has(t, p, "Windows Works now", "Microsoft 365 Within 5 minutes")
	a.opens(t, password, a.Password, "")
}

// TestChangeInBoth: the old password is proven in Active Directory, and both get the new one.
func TestChangeInBoth(t *testing.T) {
	t.Parallel()
	a, password := play(t, "changed", people.Corp), fresh()
	v := browse()
	begin(t, v, "change", a.UPN)
	p, err := v.Submit(t.Context(), "/flow/finish", map[string]string{"current": a.Password, "password": password, "password2": password})
	if err != nil {
		t.Fatal(err)
	}
	has(t, p, "Your password is changed", "Windows Works now", "Microsoft 365 Works now")
	a.opens(t, password, password, a.Password)
}
