package inbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/smtp"
	"net/url"
	"strings"
	"testing"
	"time"

	"rekey/internal/lab/inbox"
)

const hello = "From: a@example.com\r\nTo: erika@example.com\r\nSubject: =?UTF-8?q?Gr=C3=B6=C3=9Fe?=\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/alternative; boundary=x\r\n\r\n" +
	"--x\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nCode 123456, see https://reset.example.com/a=3Db.\r\n" +
	"--x\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPGh0bWw+PGhlYWQ+PC9oZWFkPjxzY3JpcHQ+YWxlcnQoMSk8L3NjcmlwdD4=\r\n--x--\r\n"

func start(t *testing.T) *inbox.Inbox {
	t.Helper()
	in, err := inbox.Start(t.Context(), inbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	return in
}

func post(t *testing.T, in *inbox.Inbox, to ...string) {
	t.Helper()
	if err := smtp.SendMail(in.SMTPAddr(), nil, "a@example.com", to, []byte(hello)); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, address string) (*http.Response, string) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestProgramsReadMessages(t *testing.T) {
	in := start(t)
	if _, body := get(t, in.API()+"/messages"); strings.TrimSpace(body) != "[]" {
		t.Errorf("empty inbox says %s", body)
	}
	post(t, in, "erika@example.com", "max@example.com")
	resp, err := http.Post(in.API()+"/sms", "application/json", strings.NewReader(`{"to": "+4930123456", "text": "Your code"}`))
	if err != nil || resp.StatusCode != http.StatusNoContent {
		t.Fatalf("SMS: %v, %v", resp, err)
	}
	resp.Body.Close()

	_, body := get(t, in.API()+"/messages?to="+url.QueryEscape("Erika@example.com"))
	var got []map[string]any
	if err := json.Unmarshal([]byte(body), &got); err != nil || len(got) != 1 {
		t.Fatalf("%s: %v", body, err)
	}
	at, err := time.Parse(time.RFC3339, fmt.Sprint(got[0]["at"]))
	if err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("at: %v", got[0]["at"])
	}
	delete(got[0], "at")
	want := map[string]any{
		"id": "1", "channel": "mail", "to": "erika@example.com", "subject": "Größe",
		"text": "Code 123456, see https://reset.example.com/a=b.", "html": "<html><head></head><script>alert(1)</script>",
	}
	if fmt.Sprint(got[0]) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got[0], want)
	}
	all := in.Messages("")
	if len(all) != 3 || all[0].Channel != "sms" || all[0].Text != "Your code" || all[2].To != "erika@example.com" {
		t.Errorf("want newest first, got %+v", all)
	}
}

func TestBadSMSIsRefused(t *testing.T) {
	in := start(t)
	for _, body := range []string{"", "{}", `{"to": "+49"}`, "nonsense"} {
		resp, err := http.Post(in.API()+"/sms", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: %d", body, resp.StatusCode)
		}
	}
}

func TestNextWaitsAndGivesEachOnce(t *testing.T) {
	in := start(t)
	got := make(chan inbox.Message)
	go func() {
		m, _ := in.Next(t.Context(), "max@example.com")
		got <- m
	}()
	post(t, in, "erika@example.com")
	post(t, in, "max@example.com")
	if m := <-got; m.To != "max@example.com" {
		t.Errorf("got one to %q", m.To)
	}
	post(t, in, "max@example.com")
	if m, err := in.Next(t.Context(), "MAX@example.com"); err != nil || m.ID != "3" {
		t.Errorf("got %s, %v; want the second", m.ID, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := in.Next(ctx, "max@example.com"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("want a deadline, got %v", err)
	}
	if m, err := in.Next(t.Context(), ""); err != nil || m.ID != "1" {
		t.Errorf("anybody's first: %s, %v", m.ID, err)
	}
}

func TestPageShowsMessagesSafely(t *testing.T) {
	in := start(t)
	if _, body := get(t, in.URL()); !strings.Contains(body, "Nothing here yet") {
		t.Error("an empty inbox says nothing")
	}
	post(t, in, "erika@example.com", "max@example.com")
	resp, body := get(t, in.URL()+"/?to=ERIKA")
	for _, want := range []string{
		"Größe", `<a href="https://reset.example.com/a=b" target="_blank"`, `sandbox="allow-popups allow-popups-to-escape-sandbox"`, "Code 123456",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Count(body, "<article") != 1 {
		t.Error("the filter does not filter")
	}
	if strings.Contains(body, "alert(1)") {
		t.Error("a mail's script is on the page")
	}
	if p := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(p, "default-src 'none'") {
		t.Errorf("policy %q", p)
	}
	resp, body = get(t, in.URL()+"/preview/1")
	if p := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(p, "sandbox allow-popups") || strings.Contains(p, "script") {
		t.Errorf("policy of the preview %q", p)
	}
	if !strings.Contains(body, `<base target="_blank">`) {
		t.Error("links of the preview do not open in a tab of their own")
	}
	if resp, _ := get(t, in.URL()+"/preview/99"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a message that is not there: %d", resp.StatusCode)
	}
}

func TestFaultsHealAndRunOut(t *testing.T) {
	in := start(t)
	in.Break(inbox.Fault{At: inbox.AtRecipient, Code: 451, Times: 1})
	send := func() error {
		return smtp.SendMail(in.SMTPAddr(), nil, "a@example.com", []string{"erika@example.com"}, []byte(hello))
	}
	if err := send(); err == nil || !strings.HasPrefix(err.Error(), "451") {
		t.Errorf("want 451, got %v", err)
	}
	if err := send(); err != nil {
		t.Errorf("the fault was for one time: %v", err)
	}
	in.Break(inbox.Fault{At: inbox.AtData, Hang: true})
	sent := make(chan error)
	go func() { sent <- send() }()
	in.Heal()
	if err := <-sent; err != nil {
		t.Errorf("healed, and sending says %v", err)
	}
	if n := len(in.Messages("")); n != 2 {
		t.Errorf("%d messages, want 2", n)
	}
}

func TestClosedInboxWakesWaiters(t *testing.T) {
	in := start(t)
	woken := make(chan error)
	go func() { _, err := in.Next(t.Context(), ""); woken <- err }()
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-woken; err == nil {
		t.Error("got a message from a closed inbox")
	}
}
