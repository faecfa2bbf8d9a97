package graph

import (
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed signin.html
var signInHTML string

var signInTemplate = template.Must(template.New("sign-in").Parse(signInHTML))

// authRequest is an application's question who somebody is.
type authRequest struct {
	t                        *Tenant
	p                        *Principal
	redirect, state, nonce   string
	challenge, challengeKind string
	mode, prompt, hint       string
	scope                    []string
	maxAge                   time.Duration // negative: any
	context                  string        // authentication context asked for, if the tenant has a policy for it
}

// signInPage is a page shown to somebody.
type signInPage struct {
	request authRequest
	expires time.Time
}

// session is a browser that somebody has signed in with.
type session struct {
	t               *Tenant
	user            string
	at              time.Time // when the password was typed
	strong          bool      // with a second factor
	revoked, resets int
}

// code is an authorization code.
type code struct {
	request authRequest
	session session
	expires time.Time
	used    bool
}

const sessionCookie = "ESTSAUTH"

func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	req, refused := s.authRequest(r)
	if refused != nil { // never sent on: the address to go back to is not known to be right
		http.Error(w, refused.Error(), refused.status)
		return
	}
	q := r.URL.Query()
	if q.Get("response_type") != "code" {
		req.deny(w, r, "unsupported_response_type", "AADSTS70005: response_type '"+q.Get("response_type")+"' is not supported.")
		return
	}
	have := s.session(r, req.t)
	if have != nil && req.satisfied(*have, s.now()) {
		s.giveCode(w, r, req, *have)
		return
	}
	if req.prompt == "none" {
		req.deny(w, r, "login_required", "AADSTS50058: A silent sign-in request was sent but no user is signed in.")
		return
	}
	id := rand.Text()
	s.mu.Lock()
	s.pages[id] = &signInPage{request: req, expires: s.now().Add(15 * time.Minute)}
	s.mu.Unlock()
	s.showSignIn(w, req, id, req.hint, "")
}

func (s *Server) authRequest(r *http.Request) (authRequest, *AADSTS) {
	t := s.tenant(r.PathValue("tenant"))
	if t == nil {
		return authRequest{}, tenantMissing(r.PathValue("tenant"))
	}
	q := r.URL.Query()
	p := s.application(t, q.Get("client_id"))
	if p == nil {
		return authRequest{}, &AADSTS{Number: 700016, code: "unauthorized_client", status: http.StatusBadRequest, text: "Application with identifier '" + q.Get("client_id") + "' was not found in the directory '" + t.name + "'."}
	}
	if !slices.Contains(p.settings().RedirectURIs, q.Get("redirect_uri")) {
		return authRequest{}, &AADSTS{
			Number: 50011, code: "invalid_request", status: http.StatusBadRequest, text: "The redirect URI '" + q.Get("redirect_uri") + "' specified in the request does not match the redirect URIs configured for the application '" + p.ID() + "'.",
		}
	}
	req := authRequest{
		t: t, p: p, redirect: q.Get("redirect_uri"), state: q.Get("state"), nonce: q.Get("nonce"), challenge: q.Get("code_challenge"),
		challengeKind: q.Get("code_challenge_method"), mode: q.Get("response_mode"), prompt: q.Get("prompt"), hint: q.Get("login_hint"),
		scope: strings.Fields(q.Get("scope")), maxAge: -1, context: t.authContext(q.Get("claims")),
	}
	if n, err := strconv.Atoi(q.Get("max_age")); err == nil {
		req.maxAge = time.Duration(n) * time.Second
	}
	return req, nil
}

// authContext is the one that a claims request asks for, if a policy covers it: asking for another is simply not answered.
func (t *Tenant) authContext(claims string) string {
	var asked struct {
		ID struct {
			ACRs struct {
				Value  string   `json:"value"`
				Values []string `json:"values"`
			} `json:"acrs"`
		} `json:"id_token"`
	}
	if json.Unmarshal([]byte(claims), &asked) != nil {
		return ""
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, c := range append(asked.ID.ACRs.Values, asked.ID.ACRs.Value) {
		if slices.Contains(t.spec.AuthContexts, c) {
			return c
		}
	}
	return ""
}

// session is the one of the browser, if nothing has ended it; nil otherwise.
func (s *Server) session(r *http.Request, t *Tenant) *session {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	have := s.cookies[cookie.Value]
	s.mu.Unlock()
	if have == nil || have.t != t {
		return nil
	}
	u, ok := t.User(have.user)
	if !ok || u.Disabled || u.revoked != have.revoked || u.resets != have.resets {
		return nil
	}
	return have
}

// satisfied reports whether a session answers the question without a page.
func (a authRequest) satisfied(have session, now time.Time) bool {
	u, _ := a.t.User(have.user)
	switch {
	case a.prompt == "login" || a.prompt == "select_account":
		return false
	case a.maxAge >= 0 && now.Sub(have.at) >= a.maxAge: // zero always asks
		return false
	case a.hint != "" && !strings.EqualFold(a.hint, u.UserPrincipalName):
		return false
	}
	return a.context == "" || have.strong
}

func (s *Server) showSignIn(w http.ResponseWriter, req authRequest, id, name, problem string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'")
	_ = signInTemplate.Execute(w, map[string]any{ // the reader may have gone
		"Tenant": req.t.name, "App": req.p.settings().Name, "Action": "/" + req.t.id + "/login", "Page": id, "Name": name, "Code": req.context != "", "Problem": problem,
	})
}

// signInForm judges what somebody has typed.
func (s *Server) signInForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	id := r.PostFormValue("ctx")
	s.mu.Lock()
	page := s.pages[id]
	s.mu.Unlock()
	if page == nil || s.now().After(page.expires) {
		http.Error(w, "AADSTS50089: The sign-in page has expired.", http.StatusBadRequest)
		return
	}
	req, name := page.request, r.PostFormValue("loginfmt")
	u, err := req.t.judge(name, r.PostFormValue("passwd"))
	if err == nil && req.context != "" {
		err = secondFactor(u, r.PostFormValue("otc"))
	}
	if err != nil {
		s.showSignIn(w, req, id, name, err.Error())
		return
	}
	have := &session{t: req.t, user: u.ID, at: s.now(), strong: req.context != "", revoked: u.revoked, resets: u.resets}
	cookie := rand.Text()
	s.mu.Lock()
	delete(s.pages, id)
	s.cookies[cookie] = have
	s.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: cookie, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteNoneMode})
	s.giveCode(w, r, req, *have)
}

func secondFactor(u User, typed string) error {
	switch {
	case u.MFACode == "":
		return signInError(50079, "You must enroll in multi-factor authentication to access the resource.")
	case u.MFACode != typed:
		return signInError(500121, "Authentication failed during strong authentication request.")
	}
	return nil
}

func (s *Server) giveCode(w http.ResponseWriter, r *http.Request, req authRequest, have session) {
	text := "1." + rand.Text() + rand.Text()
	s.mu.Lock()
	s.codes[text] = &code{request: req, session: have, expires: s.now().Add(10 * time.Minute)}
	s.mu.Unlock()
	req.sendBack(w, r, url.Values{"code": {text}, "session_state": {rand.Text()}})
}

func (a authRequest) deny(w http.ResponseWriter, r *http.Request, name, description string) {
	a.sendBack(w, r, url.Values{"error": {name}, "error_description": {description}})
}

var formPost = template.Must(template.New("form-post").Parse(`<!DOCTYPE html><html lang="en"><head><title>Working...</title></head><body>
<form method="post" action="{{.To}}">{{range $name, $values := .Fields}}<input type="hidden" name="{{$name}}" value="{{index $values 0}}">{{end}}
<p>Continue to the application.</p><button>Continue</button></form></body></html>`))

func (a authRequest) sendBack(w http.ResponseWriter, r *http.Request, fields url.Values) {
	if a.state != "" {
		fields.Set("state", a.state)
	}
	if a.mode == "form_post" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = formPost.Execute(w, map[string]any{"To": a.redirect, "Fields": fields}) // the reader may have gone
		return
	}
	separator := "?"
	if strings.Contains(a.redirect, "?") {
		separator = "&"
	}
	http.Redirect(w, r, a.redirect+separator+fields.Encode(), http.StatusFound)
}
