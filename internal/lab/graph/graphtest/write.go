package graphtest

import (
	"crypto/rand"
	"net/http"
	"strings"
)

const denied = "Authorization_RequestDenied"

var refusalFacts = []fact{
	{"no token is 401", nobody, func(a *asker) {
		a.token = ""
		a.is(a.get(user(a.Person, "")), http.StatusUnauthorized, "InvalidAuthenticationToken")
	}},
	{"garbage for a token is 401", nobody, func(a *asker) {
		a.token = "rubbish"
		a.is(a.get(user(a.Person, "")), http.StatusUnauthorized, "InvalidAuthenticationToken")
	}},
	{"an application has no /me", nobody, func(a *asker) {
		if g := a.get("/me"); g.status != http.StatusBadRequest {
			a.Errorf("%d %v", g.status, g.body)
		}
	}},
	{"an application cannot change a password with the old one", throwaway, func(a *asker) {
		a.is(a.graph(http.MethodPost, user(a.Throwaway, "/changePassword"), map[string]string{"currentPassword": "x", "newPassword": strong()}), http.StatusForbidden, denied)
	}},
	{"an application cannot use resetPassword", throwaway, func(a *asker) {
		g := a.graph(http.MethodPost, user(a.Throwaway, "/authentication/methods/28c10230-6103-485e-b985-444c60001490/resetPassword"), map[string]string{})
		if g.status != http.StatusForbidden && g.status != http.StatusUnauthorized {
			a.Errorf("%d %v", g.status, g.body)
		}
	}},
	{"an administrator's password is out of reach", administrator, func(a *asker) {
		a.is(a.write(a.Administrator, strong()), http.StatusForbidden, denied)
	}},
}

var writeFacts = []fact{
	tooWeak("seven characters", func(*asker) string { return "Ab1!xyz" }),
	tooWeak("two classes of characters", func(*asker) string { return strings.ToLower(rand.Text()) }),
	tooWeak("Unicode", func(*asker) string { return "ü" + strong() }),
	tooWeak("longer than 256", func(*asker) string { return strong() + strings.Repeat("aB1!", 64) }),
	tooWeak("a banned word", func(a *asker) string { return a.WeakBanned }),
	tooWeak("the given name", func(a *asker) string { return a.ThrowawayGiven + "-7Xq!" + rand.Text() }),
	{"a password is written without a word, and its time moves", throwaway, func(a *asker) {
		const when = "lastPasswordChangeDateTime"
		before := a.get(user(a.Throwaway, "?$select="+when)).text(when)
		g := a.write(a.Throwaway, strong())
		if g.status != http.StatusNoContent || g.body != nil {
			a.Fatalf("%d %v", g.status, g.body)
		}
		a.eventually(when+" moves", func() bool { return a.get(user(a.Throwaway, "?$select="+when)).text(when) > before })
	}},
	{"the same password may be written again", throwaway, func(a *asker) {
		password := strong()
		a.is(a.write(a.Throwaway, password), http.StatusNoContent, "")
		a.is(a.write(a.Throwaway, password), http.StatusNoContent, "")
	}},
	{"revoking sessions answers true, and their time moves", throwaway, func(a *asker) {
		const when = "signInSessionsValidFromDateTime"
		before := a.get(user(a.Throwaway, "?$select="+when)).text(when)
		g := a.graph(http.MethodPost, user(a.Throwaway, "/revokeSignInSessions"), nil)
		if g.status/100 != 2 || g.body["value"] != true {
			a.Fatalf("%d %v", g.status, g.body)
		}
		a.eventually(when+" moves", func() bool { return a.get(user(a.Throwaway, "?$select="+when)).text(when) > before })
	}},
	{"a synchronized person's password is taken or refused as mastered on premises", synced, func(a *asker) {
		g := a.write(a.Synced, strong())
		mastered := g.status == http.StatusBadRequest && strings.HasPrefix(g.text("error", "message"), "Unable to update the specified properties for on-premises mastered")
		if g.status != http.StatusNoContent && !mastered {
			a.Errorf("%d %v", g.status, g.body)
		}
	}},
}

// tooWeak is the fact that a password is refused, in the only words there are for it.
func tooWeak(name string, password func(*asker) string) fact {
	return fact{"password refused: " + name, throwaway, func(a *asker) {
		g := a.write(a.Throwaway, password(a))
		a.is(g, http.StatusBadRequest, "Request_BadRequest")
		if !strings.HasPrefix(g.text("error", "message"), "The specified password does not comply with password complexity requirements.") {
			a.Errorf("%v", g.body)
		}
	}}
}

// strong makes a password that every rule takes and nobody has used.
func strong() string { return "x7!Q" + rand.Text() }

func (a *asker) write(id, password string) got {
	a.Helper()
	profile := map[string]any{"password": password, "forceChangePasswordNextSignIn": false}
	return a.graph(http.MethodPatch, user(id, ""), map[string]any{"passwordProfile": profile})
}
