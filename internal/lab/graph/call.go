package graph

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// call is one request to Graph on its way through.
type call struct {
	s   *Server
	t   *Tenant
	g   *grant
	r   *http.Request
	now time.Time
}

// reply is what a handler answers with; a nil body is an empty one.
type reply struct {
	status int
	body   []byte
	header http.Header
}

// route is one thing that can be asked. Handlers run under the tenant's lock: for writing if writes is set.
type route struct {
	pattern string
	allow   []string // any of these application permissions
	writes  bool
	person  bool // for signed-in people, not for applications
	do      func(*call) (reply, error)
}

// apiError is a refusal in Graph's envelope.
type apiError struct {
	status        int
	code, message string
	header        http.Header
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

const badRequest = "Request_BadRequest"

func refuse(status int, code, message string) error {
	return &apiError{status: status, code: code, message: message}
}

func denied() error {
	return refuse(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
}

func notFound(id string) error {
	return refuse(http.StatusNotFound, "Request_ResourceNotFound",
		"Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.")
}

// answer writes v as the body of a 200.
func answer(v any) (reply, error) {
	body, err := json.Marshal(v)
	return reply{status: http.StatusOK, body: body}, err
}

func (s *Server) graphHandler() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range routes() {
		mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, rt) })
	}
	mux.HandleFunc("POST /v1.0/$batch", func(w http.ResponseWriter, r *http.Request) { s.batch(w, r, mux) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, r, s.now(), &apiError{status: http.StatusBadRequest, code: "BadRequest", message: "Resource not found for the segment '" + lastSegment(r.URL.Path) + "'."})
	})
	return s.watched(spoiled(s, keyed(mux), writeFault))
}

func lastSegment(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// keyed takes users('x') for users/x, and gives each request its id.
func keyed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before, rest, ok := strings.Cut(r.URL.Path, "('"); ok {
			if key, after, ok := strings.Cut(rest, "')"); ok {
				key = strings.ReplaceAll(key, "''", "'")
				u := *r.URL
				u.Path, u.RawPath = before+"/"+key+after, before+"/"+url.PathEscape(key)+after
				r = r.Clone(r.Context())
				r.URL = &u
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, rt route) {
	c := &call{s: s, r: r, now: s.now()}
	out, err := c.run(rt)
	if err != nil {
		writeError(w, r, c.now, err)
		return
	}
	h := w.Header()
	for name, values := range out.header {
		h[name] = values
	}
	if out.body != nil {
		h.Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
		h.Set("OData-Version", "4.0")
	}
	w.WriteHeader(out.status)
	_, _ = w.Write(out.body) // the reader may have gone
}

func (c *call) run(rt route) (reply, error) {
	if err := c.authenticate(); err != nil {
		return reply{}, err
	}
	switch {
	case rt.person && c.g.user == "":
		return reply{}, refuse(http.StatusBadRequest, "BadRequest", "/me request is only valid with delegated authentication flow.")
	case !rt.person && !c.may(rt.allow):
		return reply{}, denied()
	}
	if rt.writes {
		c.t.mu.Lock()
		defer c.t.mu.Unlock()
	} else {
		c.t.mu.RLock()
		defer c.t.mu.RUnlock()
	}
	return rt.do(c)
}

// may reports whether the application has one of the permissions.
func (c *call) may(any []string) bool {
	return slices.ContainsFunc(any, func(p string) bool { return slices.Contains(c.g.permissions, p) })
}

// authenticate finds whose token it is.
func (c *call) authenticate() error {
	token := strings.TrimSpace(strings.TrimPrefix(c.r.Header.Get("Authorization"), "Bearer"))
	unauthorized := func(message string) error {
		h := http.Header{}
		h.Set("WWW-Authenticate", `Bearer realm="", authorization_uri="`+c.s.Authority()+`/common/oauth2/authorize", client_id="`+graphApp+`"`)
		return &apiError{status: http.StatusUnauthorized, code: "InvalidAuthenticationToken", message: message, header: h}
	}
	if token == "" {
		return unauthorized("Access token is empty.")
	}
	g := c.s.granted(token)
	if g == nil || g.refresh {
		return unauthorized("CompactToken parsing failed with error code: 80049217")
	}
	if c.now.After(g.expires) {
		return unauthorized("Access token has expired or is not yet valid.")
	}
	if !g.alive() {
		return unauthorized("Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp")
	}
	c.g, c.t = g, g.t
	return nil
}

// body reads the request's JSON.
func (c *call) body(into any) error {
	raw, err := io.ReadAll(http.MaxBytesReader(nil, c.r.Body, 4<<20))
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "BadRequest", "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	}
	return nil
}

// context is the address of a result's description.
func (c *call) context(what string) string { return c.s.Graph() + "/v1.0/$metadata#" + what }

// writeError answers in the error envelope. Its date has no zone, as the service's has none.
func writeError(w http.ResponseWriter, r *http.Request, now time.Time, err error) {
	e := &apiError{}
	if !errors.As(err, &e) {
		e = &apiError{status: http.StatusInternalServerError, code: "generalException", message: err.Error()}
	}
	id := cmp.Or(w.Header().Get("request-id"), uuid.NewString())
	inner := map[string]string{
		"date": now.UTC().Format("2006-01-02T15:04:05"), "request-id": id, "client-request-id": cmp.Or(r.Header.Get("client-request-id"), id),
	}
	body, _ := json.Marshal(map[string]any{"error": map[string]any{"code": e.code, "message": e.message, "innerError": inner}}) // texts only
	for name, values := range e.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	_, _ = w.Write(body) // the reader may have gone
}

// routes is everything that can be asked.
func routes() []route {
	return slices.Concat(userRoutes, writeRoutes, memberRoutes, directoryRoutes, methodRoutes, deltaRoutes)
}
