package recovery

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"rekey/internal/authenticator"
	"rekey/internal/directory"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/policy"
	"rekey/internal/site"
)

// BackPath is where another sign-in page sends the browser back to.
const BackPath = "/flow/return"

// signInID names the one credential of a sign-in elsewhere: the password there, which is nowhere here.
const signInID = "password"

// elsewhere reports whether the current password of a directory can be proven only at its own sign-in page.
func elsewhere(d directory.Directory) bool {
	_, redirects := d.(directory.Redirector)
	_, checks := d.(directory.Authenticator)
	return redirects && !checks
}

// bySignIn makes a change ask for a sign-in elsewhere first, besides what the policy asks.
func bySignIn(d policy.Decision, offers []flow.Offer) (policy.Decision, []flow.Offer) {
	d.Requirement.Count++
	d.Requirement.Mandatory = append([]factor.Kind{factor.Password}, d.Requirement.Mandatory...)
	if len(d.Requirement.Allowed) > 0 {
		d.Requirement.Allowed = append([]factor.Kind{factor.Password}, d.Requirement.Allowed...)
	}
	offer := flow.Offer{
		Ref: string(factor.Password), Kind: factor.Password, Class: factor.Knows,
		Credentials: []flow.CredentialOf{{ID: signInID, Channel: "memory:directory"}},
	}
	return d, append([]flow.Offer{offer}, offers...)
}

// asksSignIn reports whether this change does so: nothing that is written takes the current password along.
func asksSignIn(snap *site.Snapshot, action policy.Action, home string, targets []flow.Target) bool {
	d, _ := snap.Directory(home)
	if action != policy.Change || !elsewhere(d) {
		return false
	}
	for _, t := range targets {
		if t.Current {
			return false
		}
	}
	return true
}

// signIn is the sign-in page of a directory as a method. It has no credentials of its own.
type signIn struct {
	directory directory.Redirector
	callback  string
	hint      string // the name as it was typed: a better one would tell that there is such an account
}

// signInState is what the answer is compared with.
type signInState struct {
	Binding authenticator.Binding `json:"binding"`
	State   string                `json:"state"`
	Inner   []byte                `json:"inner"`
}

// Traits implements authenticator.Method.
func (signIn) Traits() factor.Traits {
	return factor.Traits{Kind: factor.Password, Class: factor.Knows}
}

// Challenge implements authenticator.Method. The password has to be typed anew: a session that is open over there proves nothing.
func (m signIn) Challenge(ctx context.Context, r authenticator.Request, now time.Time) (authenticator.Challenge, error) {
	st := signInState{Binding: r.Binding(), State: randomText(24)}
	url, inner, err := m.directory.StartSignIn(ctx, directory.SignIn{Callback: m.callback, State: st.State, Hint: m.hint, Fresh: true})
	if err != nil {
		return authenticator.Challenge{}, fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
	}
	st.Inner = inner
	state, err := json.Marshal(st)
	return authenticator.Challenge{Prompt: authenticator.RedirectPrompt{URL: url}, State: state, Expires: now.Add(signInTime)}, err
}

// signInTime is how long somebody may take at the other page.
const signInTime = 10 * time.Minute

// Verify implements authenticator.Method.
func (m signIn) Verify(ctx context.Context, r authenticator.Request, state []byte, answer authenticator.Response, _ time.Time) (authenticator.Result, error) {
	wrong := authenticator.Result{Reason: "sign-in"}
	back, ok := answer.(authenticator.RedirectResponse)
	if !ok {
		return wrong, nil
	}
	var st signInState
	if err := json.Unmarshal(state, &st); err != nil {
		return wrong, fmt.Errorf("read state of a sign-in: %w", err)
	}
	if st.Binding != r.Binding() || subtle.ConstantTimeCompare([]byte(st.State), []byte(back.Values.Get("state"))) == 0 {
		return wrong, nil
	}
	in, err := m.directory.FinishSignIn(ctx, st.Inner, back.Values)
	switch {
	case errors.Is(err, directory.ErrSignInRefused):
		return wrong, nil
	case err != nil:
		return wrong, fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
	case in.Account != r.Subject.Account:
		return wrong, nil
	}
	return authenticator.Result{Outcome: authenticator.Accepted, Used: signInID}, nil
}

// Decoy implements authenticator.Method.
func (signIn) Decoy([32]byte) authenticator.Credential { return signInCredential() }

func signInCredential() authenticator.Credential {
	return authenticator.Credential{ID: signInID, Kind: factor.Password, Channel: "memory:directory"}
}
