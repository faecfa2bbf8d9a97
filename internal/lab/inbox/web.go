package inbox

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"regexp"
	"strings"
)

//go:embed page.html
var page string

// policy of the page: its own style and script, previews from here, nothing from elsewhere.
const policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'"

// previewPolicy shuts a mail's HTML in: no script, no form, nothing loaded. Links open in a tab of their own.
const previewPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'"

func (in *Inbox) handler() http.Handler {
	list := template.Must(template.New("page").Funcs(template.FuncMap{"links": links}).Parse(page))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		to := strings.TrimSpace(r.FormValue("to"))
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Cache-Control", "no-store")
		_ = list.Execute(w, map[string]any{"To": to, "Messages": in.matching(to)}) // the reader may have gone
	})
	mux.HandleFunc("GET /preview/{id}", in.preview)
	mux.HandleFunc("GET /api/messages", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(in.Messages(r.FormValue("to")))
	})
	mux.HandleFunc("POST /api/sms", in.takeSMS)
	return mux
}

// matching lists the messages whose address holds the text typed, newest first.
func (in *Inbox) matching(typed string) []Message {
	list := []Message{}
	for _, m := range in.Messages("") {
		if strings.Contains(strings.ToLower(m.To), strings.ToLower(typed)) {
			list = append(list, m)
		}
	}
	return list
}

func (in *Inbox) preview(w http.ResponseWriter, r *http.Request) {
	for _, m := range in.Messages("") {
		if m.ID == r.PathValue("id") {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", previewPolicy)
			_, _ = w.Write([]byte(strings.Replace(m.HTML, "<head>", `<head><base target="_blank">`, 1)))
			return
		}
	}
	http.NotFound(w, r)
}

// TakeText takes a text message, as an SMS gateway's stand-in hands it over.
func (in *Inbox) TakeText(to, text string) { in.add(Message{Channel: "sms", To: to, Text: text}) }

func (in *Inbox) takeSMS(w http.ResponseWriter, r *http.Request) {
	var sms struct{ To, Text string }
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&sms)
	if err != nil || sms.To == "" || sms.Text == "" {
		http.Error(w, `want {"to": "+49…", "text": "…"}`, http.StatusBadRequest)
		return
	}
	in.TakeText(sms.To, sms.Text)
	w.WriteHeader(http.StatusNoContent)
}

// piece is a stretch of text, or an address that can be opened.
type piece struct{ Text, URL string }

// links cuts a text at its web addresses.
func links(text string) []piece {
	var pieces []piece
	at := 0
	for _, found := range regexp.MustCompile(`https?://[^\s<>"\x{2066}-\x{2069}]+`).FindAllStringIndex(text, -1) {
		url := strings.TrimRight(text[found[0]:found[1]], ".,;:!?)")
		pieces = append(pieces, piece{Text: text[at:found[0]]}, piece{Text: url, URL: url})
		at = found[0] + len(url)
	}
	return append(pieces, piece{Text: text[at:]})
}
