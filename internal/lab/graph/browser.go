package graph

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
)

// Browser signs people in over HTTP as a browser would, and keeps the session between sign-ins. It is not safe for concurrent use.
type Browser struct {
	s      *Server
	client *http.Client
}

// NewBrowser has no session yet.
func (s *Server) NewBrowser() *Browser {
	b := &Browser{s: s, client: s.Client()}
	b.client.Jar, _ = cookiejar.New(nil) // without options it cannot fail
	return b
}

// Typed is what somebody types into the sign-in page.
type Typed struct{ Name, Password, Code string }

var (
	pageField   = regexp.MustCompile(`name="ctx" value="([^"]+)"`)
	pageAction  = regexp.MustCompile(`<form method="post" action="([^"]+)"`)
	pageProblem = regexp.MustCompile(`id="problem"[^>]*>([^<]+)<`)
)

// SignIn opens the address of an authorization request and fills in the page, unless the session makes it needless. The answer is
// where the application wants the browser to go, which is not visited. What the page says against what was typed is the error.
func (b *Browser) SignIn(ctx context.Context, where string, typed Typed) (*url.URL, error) {
	page, to, err := b.do(ctx, http.MethodGet, where, nil)
	if err != nil || to != nil {
		return to, err
	}
	field, action := pageField.FindStringSubmatch(page), pageAction.FindStringSubmatch(page)
	if field == nil || action == nil {
		return nil, errors.New("this is no sign-in page: " + page)
	}
	form := url.Values{"ctx": {field[1]}, "loginfmt": {typed.Name}, "passwd": {typed.Password}, "otc": {typed.Code}}
	page, to, err = b.do(ctx, http.MethodPost, b.s.Authority()+html.UnescapeString(action[1]), form)
	if err != nil || to != nil {
		return to, err
	}
	if problem := pageProblem.FindStringSubmatch(page); problem != nil {
		return nil, errors.New(html.UnescapeString(problem[1]))
	}
	return nil, errors.New("neither signed in nor told why not: " + page)
}

// do makes one request: the answer is a page, or where to go.
func (b *Browser) do(ctx context.Context, method, where string, form url.Values) (page string, to *url.URL, err error) {
	r, err := http.NewRequestWithContext(ctx, method, where, strings.NewReader(form.Encode()))
	if err != nil {
		return "", nil, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.client.Do(r)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", nil, err
	}
	if resp.StatusCode == http.StatusFound {
		to, err = resp.Location()
		return "", to, err
	}
	if resp.StatusCode != http.StatusOK {
		return "", nil, fmt.Errorf("sign-in page: %s: %s", resp.Status, strings.TrimSpace(string(raw)))
	}
	return string(raw), nil, nil
}
