package sms

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"rekey/internal/secret"
)

const (
	defaultTimeout = 10 * time.Second
	minTimeout     = time.Second
	maxTimeout     = 30 * time.Second
)

// path of the gateway's part in the settings; errors begin with it.
const path = "sms.gateway."

// Config describes a gateway: the request that sends one message, and how its answer is read. URL, headers and body are templates
// with the places {{number}}, {{digits}} (the number without its plus sign), {{text}}, {{sender}}, {{id}} and {{secret.NAME}}; what
// fills them is escaped for where they stand.
type Config struct {
	URL      string                `yaml:"url" label:"Address of the gateway" help:"An https URL as its manual has it. {{number}}, {{digits}}, {{sender}} and {{id}} may stand in its path and query."`
	Method   string                `yaml:"method,omitempty" label:"Method" help:"As the gateway's manual has it." default:"POST" options:"POST,GET,PUT" free:"true"`                                                         // POST; or GET, PUT
	Headers  map[string]string     `yaml:"headers,omitempty" label:"Headers" help:"“Name: value”, one on each line. {{secret.NAME}} puts in a secret; Content-Type says how what fills the body is escaped." free:"true"`    // Content-Type says how the body is escaped: JSON, a form or XML
	Body     string                `yaml:"body,omitempty" label:"Body" help:"With {{number}} or {{digits}}, {{text}}, {{sender}}, {{id}} and {{secret.NAME}}." default:"none" lines:"true" free:"true"`                      // empty: none
	Secrets  map[string]secret.Ref `yaml:"secrets,omitempty" label:"Secrets" help:"By the name that {{secret.NAME}} has. Sealed as soon as you save, and never shown again."`                                                // by NAME
	User     string                `yaml:"user,omitempty" label:"User" help:"For HTTP Basic." default:"none"`                                                                                                                // for HTTP Basic; empty: none
	Password secret.Ref            `yaml:"password,omitempty" label:"Password" help:"Goes with the user. Sealed as soon as you save, and never shown again."`                                                                // goes with User
	Sender   string                `yaml:"sender,omitempty" label:"Sender" help:"A number or up to 11 letters, as the gateway allows." free:"true"`                                                                          // a number or up to 11 letters, as the gateway allows
	CAFile   string                `yaml:"ca_file,omitempty" label:"Certificate file" help:"The file, on the portal's machines, with the certificates that vouch for the gateway, in PEM." default:"what the system trusts"` // PEM of who may sign the server's certificate; empty: who the system trusts
	Timeout  time.Duration         `yaml:"timeout,omitempty" label:"Time to wait" help:"For one message." default:"10s" min:"1s" max:"30s" free:"true"`                                                                      // 10s
	Success  Success               `yaml:"success,omitempty" label:"When it worked" help:"What an answer must say besides: all that is given must hold." free:"true"`
	Receipt  string                `yaml:"receipt,omitempty" label:"Place of the receipt" help:"Where the answer's JSON has the gateway's own ID of a message, such as messages.0.id." free:"true"` // where the answer's JSON has the gateway's own id: "messages.0.id"
}

// Success says which answers mean that the gateway took a message. All that is given must hold.
type Success struct {
	Status   []int             `yaml:"status,omitempty" label:"Status" help:"The HTTP status, one on each line." default:"any from 200 to 299" free:"true"`                   // any from 200 to 299
	JSON     map[string]string `yaml:"json,omitempty" label:"Values in the answer" help:"“place: value”, one on each line, such as messages.0.status: accepted." free:"true"` // values by their place in the answer: "messages.0.status": accepted
	Contains string            `yaml:"contains,omitempty" label:"Text in the answer" help:"It must be there word for word." free:"true"`                                      // a text within the answer
}

// Validate checks what can be checked without the network and without secrets. Errors begin with the key.
func (c Config) Validate() error {
	_, err := c.compile()
	return err
}

// request is a compiled template.
type request struct {
	method  string
	url     template
	headers map[string]template
	body    template
}

func (c Config) compile() (request, error) {
	r := request{method: or(c.Method, http.MethodPost), headers: map[string]template{}}
	var errs []error
	bad := func(key, format string, args ...any) { errs = append(errs, fmt.Errorf(path+key+": "+format, args...)) }
	if !slices.Contains([]string{http.MethodPost, http.MethodGet, http.MethodPut}, r.method) {
		bad("method", "want POST, GET or PUT, got %q", c.Method)
	}
	var err error
	if r.url, err = c.address(); err != nil {
		bad("url", "%w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		if r.headers[name], err = c.header(name); err != nil {
			bad("headers."+name, "%w", err)
		}
	}
	if r.body, err = c.content(r.method); err != nil {
		bad("body", "%w", err)
	}
	if !r.has(placeText) || !r.has(placeNumber) && !r.has(placeDigits) {
		bad("body", "nothing says {{text}}, or {{number}} or {{digits}}")
	}
	c.rest(bad)
	return r, errors.Join(errs...)
}

func (r request) has(place string) bool { return r.url.has(place) || r.body.has(place) }

// rest checks what is no template.
func (c Config) rest(bad func(key, format string, args ...any)) {
	if (c.User == "") != c.Password.IsZero() {
		bad("password", "user and password go together")
	}
	if strings.Contains(c.User, ":") { // RFC 7617 §2
		bad("user", "a user's name holds no colon")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Secrets)) {
		if !secretName.MatchString(name) {
			bad("secrets."+name, "want a name of small letters, digits and -")
		} else if c.Secrets[name].IsZero() {
			bad("secrets."+name, "want one of file, env and sealed")
		}
	}
	if len(c.Sender) > 32 || strings.ContainsFunc(c.Sender, func(r rune) bool { return r < ' ' || r > '~' }) {
		bad("sender", "want a number or up to 11 letters, got %q", c.Sender)
	}
	if t := or(c.Timeout, defaultTimeout); t < minTimeout || t > maxTimeout {
		bad("timeout", "want %v to %v, got %v", minTimeout, maxTimeout, t)
	}
	for i, status := range c.Success.Status {
		if status < 200 || status > 299 {
			bad(fmt.Sprintf("success.status[%d]", i), "want 200 to 299, got %d", status)
		}
	}
	if _, err := c.roots(); err != nil {
		bad("ca_file", "%w", err)
	}
}

// address compiles the URL. What varies stands in its path or query, never in its host.
func (c Config) address() (template, error) {
	t, err := parse(c.URL, c.Secrets)
	if err != nil {
		return nil, err
	}
	first := c.URL
	if len(t) > 0 && t[0].place == "" {
		first = t[0].text
	}
	u, err := url.Parse(first)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("want an https URL")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, fmt.Errorf("plain http is for a gateway on this machine; use https for %s", u.Hostname())
	case u.User != nil:
		return nil, errors.New("name user and password in their own keys")
	case strings.Contains(c.URL, "#"):
		return nil, errors.New("a fragment is not sent")
	case len(t) > 1 && u.Path == "" && !strings.Contains(first, "?"):
		return nil, errors.New("a place stands in the path or the query, not in the host")
	}
	if _, err := url.Parse(t.fill(func(string) string { return "x" })); err != nil || strings.ContainsFunc(c.URL, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("want an https URL")
	}
	query := false
	for i, p := range t {
		switch {
		case p.place == "":
			query = query || strings.Contains(p.text, "?")
		case query:
			t[i].escape = url.QueryEscape
		case p.place == placeText:
			return nil, errors.New("{{text}} stands in the query, not in the path")
		default:
			t[i].escape = url.PathEscape
		}
	}
	return t, nil
}

func (c Config) header(name string) (template, error) {
	if !headerName.MatchString(name) {
		return nil, errors.New("is no header's name")
	}
	if slices.Contains([]string{"Host", "Content-Length", "Transfer-Encoding", "Connection"}, http.CanonicalHeaderKey(name)) {
		return nil, errors.New("is the connection's")
	}
	t, err := parse(c.Headers[name], c.Secrets)
	if err == nil && t.has(placeText) {
		err = errors.New("a header does not hold {{text}}")
	}
	if err == nil && strings.ContainsFunc(c.Headers[name], unprintable) {
		err = errors.New("want printable ASCII")
	}
	return t, err
}

// content compiles the body for its type.
func (c Config) content(method string) (template, error) {
	if c.Body == "" {
		return nil, nil
	}
	if method == http.MethodGet {
		return nil, errors.New("a GET has none")
	}
	t, err := parse(c.Body, c.Secrets)
	if err != nil {
		return nil, err
	}
	kind, params, err := mime.ParseMediaType(c.contentType())
	if charset := strings.ToLower(params["charset"]); err != nil || charset != "" && charset != "utf-8" {
		return nil, errors.New("headers.Content-Type says what it is: application/json, application/x-www-form-urlencoded or text/xml, in UTF-8")
	}
	switch {
	case kind == "application/json" || strings.HasSuffix(kind, "+json"):
		return t, t.asJSON()
	case kind == "application/x-www-form-urlencoded":
		return t.all(url.QueryEscape), nil
	case kind == "application/xml" || kind == "text/xml" || strings.HasSuffix(kind, "+xml"):
		return t.all(escapeXML), nil
	}
	return nil, fmt.Errorf("headers.Content-Type: want JSON, a form or XML, got %q", kind)
}

func (c Config) contentType() string {
	for name, value := range c.Headers {
		if http.CanonicalHeaderKey(name) == "Content-Type" {
			return value
		}
	}
	return ""
}

// tls is the one way TLS is spoken: the certificate is always checked.
func (c Config) tls() (*tls.Config, error) {
	roots, err := c.roots()
	if err != nil {
		return nil, err
	}
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}

// roots gives who may sign the server's certificate; nil means who the system trusts.
func (c Config) roots() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in " + strconv.Quote(c.CAFile))
	}
	return pool, nil
}

// isLoopback reports whether a host is this machine, whatever a name server says.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

var (
	secretName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
	headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$") // RFC 9110 §5.6.2
)

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}
