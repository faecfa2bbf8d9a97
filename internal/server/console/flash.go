package console

import (
	"encoding/base64"
	"encoding/json"
	"net/http"

	"rekey/internal/server"
	view "rekey/web/console"
)

func (c *Console) flash() server.Cookie {
	return server.Cookie{Name: "admin-flash", Secure: c.deps.Secure}
}

// Flash says on the next page what came of a form: f.Link, if any, is one of our own addresses. Keep it to a sentence.
func (c *Console) Flash(w http.ResponseWriter, f view.Flash) {
	text, err := json.Marshal(f)
	if err != nil || len(text) > 2000 {
		return // said in vain; what was done is done
	}
	c.flash().Set(w, base64.RawURLEncoding.EncodeToString(text))
}

// Done says what was done, and leads to the page that shows it.
func (c *Console) Done(w http.ResponseWriter, r *http.Request, to, text string) error {
	c.Flash(w, view.Flash{Text: text})
	Redirect(w, r, to)
	return nil
}

// takeFlash reads what the last form left, once.
func (c *Console) takeFlash(w http.ResponseWriter, r *http.Request) view.Flash {
	kept := c.flash().Get(r)
	if kept == "" || r.Header.Get("HX-Request") != "" {
		return view.Flash{}
	}
	c.flash().Clear(w)
	text, err := base64.RawURLEncoding.DecodeString(kept)
	var f view.Flash
	if err != nil || json.Unmarshal(text, &f) != nil {
		return view.Flash{}
	}
	if f.Link.URL != "" {
		f.Link.URL = Local(f.Link.URL)
	}
	return f
}
