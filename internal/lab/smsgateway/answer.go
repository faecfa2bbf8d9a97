package smsgateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// dialect is one way to ask, and to be answered.
type dialect struct {
	read   func(*http.Request) (m Message, key string, err error)
	answer func(http.ResponseWriter, Message)
	refuse func(w http.ResponseWriter, status int, text string)
}

func (g *Gateway) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /messages", g.serve(dialect{readJSON, accept(http.StatusAccepted), refuseJSON}))
	mux.Handle("POST /form", g.serve(dialect{readForm, accept(http.StatusOK), refuseJSON}))
	mux.Handle("GET /send", g.serve(dialect{readQuery, func(w http.ResponseWriter, m Message) { fmt.Fprintf(w, "OK %s\n", m.ID) }, refuseText}))
	return mux
}

// number is what the gateway takes for one: international, with a plus sign or without.
var number = regexp.MustCompile(`^\+?[1-9][0-9]{6,14}$`)

func (g *Gateway) serve(d dialect) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m, key, err := d.read(r)
		g.mu.Lock()
		g.asked = append(g.asked, r)
		g.mu.Unlock()
		if f, ok := g.faulty(); ok {
			g.err(w, f, m)
			return
		}
		switch {
		case err != nil:
			d.refuse(w, http.StatusBadRequest, "101 cannot be read")
			return
		case key != g.options.Key:
			d.refuse(w, http.StatusUnauthorized, "103 wrong key")
			return
		case !number.MatchString(m.To) || m.Text == "":
			d.refuse(w, http.StatusBadRequest, "102 bad number or text")
			return
		}
		taken, err := g.take(m)
		if err != nil {
			w.Header().Set("Retry-After", "1")
			d.refuse(w, http.StatusTooManyRequests, "104 too many messages")
			return
		}
		d.answer(w, taken)
	})
}

// faulty gives the fault for one more request.
func (g *Gateway) faulty() (Fault, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fault == nil || g.fault.Times == 0 {
		return Fault{}, false
	}
	g.fault.Times--
	return *g.fault, true
}

// err does what a fault says.
func (g *Gateway) err(w http.ResponseWriter, f Fault, m Message) {
	if f.Take {
		_, _ = g.take(m) // one too many is none either
	}
	if f.Hang {
		g.mu.Lock()
		healed := g.healed
		g.mu.Unlock()
		select {
		case <-healed:
		case <-g.closing:
		}
		panic(http.ErrAbortHandler)
	}
	if f.Cut {
		w.Header().Set("Content-Length", "1000")
	}
	for name, value := range map[string]string{"Retry-After": f.RetryAfter, "Location": f.Location} {
		if value != "" {
			w.Header().Set(name, value)
		}
	}
	w.WriteHeader(f.Status)
	_, _ = w.Write([]byte(f.Body)) // the asker may have gone
}

// wire is how messages stand in JSON.
type wire struct {
	From, To, Text, Reference string
}

func readJSON(r *http.Request) (Message, string, error) {
	key := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	var in wire
	out := json.NewDecoder(r.Body)
	out.DisallowUnknownFields()
	err := out.Decode(&in)
	return Message{From: in.From, To: in.To, Text: in.Text, Reference: in.Reference}, key, err
}

func readForm(r *http.Request) (Message, string, error) {
	_, key, _ := r.BasicAuth()
	err := r.ParseForm()
	return fields(r), key, err
}

func readQuery(r *http.Request) (Message, string, error) {
	return fields(r), r.FormValue("key"), nil
}

func fields(r *http.Request) Message {
	return Message{From: r.FormValue("from"), To: r.FormValue("to"), Text: r.FormValue("text"), Reference: r.FormValue("reference")}
}

func accept(status int) func(http.ResponseWriter, Message) {
	return func(w http.ResponseWriter, m Message) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"messages": []map[string]any{{"id": m.ID, "to": m.To, "status": "accepted"}}})
	}
}

func refuseJSON(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": text})
}

// refuseText answers as old gateways do: the status says nothing.
func refuseText(w http.ResponseWriter, status int, text string) {
	if status == http.StatusTooManyRequests {
		w.WriteHeader(status)
	}
	_, _ = fmt.Fprintf(w, "ERROR %s\n", text)
}
