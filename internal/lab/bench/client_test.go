package bench

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// portalLike answers as the portal does: a form, a redirect with a cookie, a page that only the cookie opens.
func portalLike(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<form action="/start"><input name="at" value="f.1">`)
	})
	mux.HandleFunc("POST /start", func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("at") != "f.1" || r.Header.Get("Origin") == "" {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "flow", Value: "token", Path: "/"})
		http.Redirect(w, r, "/flow", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /flow", func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("flow"); err != nil || c.Value != "token" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		io.WriteString(w, strings.Repeat("long ", 10_000)) // in chunks
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func TestClientGoesThroughForms(t *testing.T) {
	c, err := dial(t.Context(), portalLike(t).URL, 300)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	for range 2 { // on one connection
		c.cookie = ""
		if err := c.get("/"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.at("/elsewhere"); err == nil {
			t.Error("found a form that is not there")
		}
		if err := c.answer("/start", ""); err != nil {
			t.Fatal(err)
		}
		if len(c.page) != 50_000 || !bytes.HasSuffix(c.page, []byte("long ")) {
			t.Errorf("the page has %d bytes", len(c.page))
		}
	}
	if err := c.post("/start", "at=stale"); err == nil {
		t.Error("a refused form passes for one that was taken")
	}
	if err := c.get("/nowhere"); err == nil {
		t.Error("an error page passes for a page")
	}
}

func TestHammerCountsWholePages(t *testing.T) {
	s := portalLike(t)
	h, err := newHammer(s.URL, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 4)
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	if n, err := h.run(t.Context(), 50*time.Millisecond); err != nil || n < 4 {
		t.Errorf("%d answers, %v", n, err)
	}
	bad, err := newHammer(s.URL, "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer bad.close()
	if _, err := bad.run(t.Context(), time.Millisecond); err == nil {
		t.Error("an error page is counted")
	}
}

func TestCodeInMail(t *testing.T) {
	for text, want := range map[string]string{
		"Hello.\n\nType this:\n\n493817\n\nIt works once.\n": "493817", "Call 123456 now.\n": "", "12345\n": "", "": "",
	} {
		if got := codeIn(text); got != want {
			t.Errorf("%q holds the code %q, want %q", text, got, want)
		}
	}
}

func TestProcessorTimeOfAProcessAndItsChildren(t *testing.T) {
	before, err := processorTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := exec.CommandContext(t.Context(), "/bin/sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done").Run(); err != nil {
		t.Fatal(err)
	}
	after, err := processorTime(os.Getpid())
	if err != nil || after.since(before).total() < 2*tick {
		t.Errorf("a busy child took %v: %v", after.since(before), err)
	}
	if held, err := resident(os.Getpid()); err != nil || held < 1<<20 {
		t.Errorf("resident %v bytes: %v", held, err)
	}
	if _, err := processorTime(1 << 30); err == nil {
		t.Error("a process that is not there has a processor time")
	}
}
