// Package captcha stands in for the servers of Turnstile, hCaptcha and reCAPTCHA v2 that check tokens ("siteverify").
//
// It imitates the wire format: a form with secret and response, answered in JSON with success, challenge_ts, hostname, error-codes and,
// for Turnstile, action; that a token works once, for a while, and with its own secret; the error codes for all that; and, when it is
// told to, answers that are slow, broken or missing.
//
// It does not imitate: the widgets and how they judge a browser, scores, test keys, regional hosts, limits of rate, TLS.
package captcha

import (
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"time"

	"rekey/internal/challenge"
)

// Server is one provider. It is safe for concurrent use.
type Server struct {
	provider challenge.Provider
	secret   string
	http     *httptest.Server
	stop     chan struct{}

	mu     sync.Mutex
	tokens map[string]token
	seen   []url.Values
	mood   Mood
}

// token is what the widget would have put into a form.
type token struct {
	hostname, action string
	until            time.Time
	spent            bool
}

// Mood is how the server answers.
type Mood int

// The moods.
const (
	Well      Mood = iota
	Silent         // it takes the question and answers when it is closed
	Failing        // status 500
	Babbling       // something that is no JSON
	Sick           // it says internal-error
	Elsewhere      // it sends the asker to another address
)

// Start starts a provider that knows one secret. Close it.
func Start(p challenge.Provider, secret string) *Server {
	s := &Server{provider: p, secret: secret, stop: make(chan struct{}), tokens: map[string]token{}}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	return s
}

// Close ends it, and everything it has kept waiting.
func (s *Server) Close() {
	close(s.stop)
	s.http.Close()
}

// URL is what verify_url in the settings is to be.
func (s *Server) URL() string { return s.http.URL + "/siteverify" }

// Feel changes how it answers from now on.
func (s *Server) Feel(m Mood) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mood = m
}

// Issue gives a token as the widget would, good for a while.
func (s *Server) Issue(hostname, action string, life time.Duration) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := rand.Text()
	s.tokens[text] = token{hostname: hostname, action: action, until: time.Now().Add(life)}
	return text
}

// Asked lists the names of the fields of every question so far.
func (s *Server) Asked() [][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out [][]string
	for _, form := range s.seen {
		out = append(out, slices.Sorted(maps.Keys(form)))
	}
	return out
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		http.Error(w, "want a POST of a form", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	mood := s.mood
	s.seen = append(s.seen, r.PostForm)
	s.mu.Unlock()
	switch mood {
	case Silent:
		select {
		case <-s.stop:
		case <-r.Context().Done():
		}
	case Failing:
		http.Error(w, "no", http.StatusInternalServerError)
	case Babbling:
		_, _ = w.Write([]byte("<html>one moment</html>")) // the asker may have gone
	case Sick:
		reply(w, map[string]any{"success": false, "error-codes": []string{"internal-error"}})
	case Elsewhere:
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	case Well:
		reply(w, s.judge(r.PostForm))
	}
}

func reply(w http.ResponseWriter, answer map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // the asker may have gone
}

// judge spends a token and answers as the provider does.
func (s *Server) judge(form url.Values) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if code := s.fault(form); code != "" {
		return map[string]any{"success": false, "error-codes": []string{code}}
	}
	name := form.Get("response")
	t := s.tokens[name]
	t.spent = true
	s.tokens[name] = t
	answer := map[string]any{
		"success": true, "challenge_ts": time.Now().UTC().Format(time.RFC3339), "hostname": t.hostname, "error-codes": []string{},
	}
	if s.provider == challenge.Turnstile {
		answer["action"], answer["cdata"] = t.action, ""
	}
	return answer
}

// fault is the error code for a question; empty: there is nothing wrong with it.
func (s *Server) fault(form url.Values) string {
	t, known := s.tokens[form.Get("response")]
	switch secret := form.Get("secret"); {
	case secret == "":
		return "missing-input-secret"
	case secret != s.secret:
		return "invalid-input-secret"
	case form.Get("response") == "":
		return "missing-input-response"
	case !known:
		return "invalid-input-response"
	case !t.spent && time.Now().Before(t.until):
		return ""
	case s.provider == challenge.HCaptcha && t.spent:
		return "already-seen-response"
	case s.provider == challenge.HCaptcha:
		return "expired-input-response"
	}
	return "timeout-or-duplicate"
}
