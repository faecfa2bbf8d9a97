package entra

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"rekey/internal/directory"
	"rekey/internal/secret"
)

// client asks Microsoft Graph.
type client struct {
	base   string
	http   *http.Client
	tokens *tokens
	now    func() time.Time
	log    *slog.Logger
}

// call is one thing to ask of Graph.
type call struct {
	kind     kind
	method   string // empty: GET
	path     string // below /v1.0, or a link that Graph gave
	query    url.Values
	body     any
	advanced bool // needs the index that is behind (Microsoft Graph, "Advanced query capabilities")
	quiet    bool // nobody waits for it
}

// kind is what a call is about: the same answer means different things.
type kind string

// The kinds.
const (
	readUser    kind = "user"
	readMembers kind = "memberships"
	readMethods kind = "authentication methods"
	readTenant  kind = "tenant"
	readChanges kind = "changes"
	setPassword kind = "password"
	revoke      kind = "sessions"
)

// get asks and reads the answer into a value. Errors: those of translate.
func (g *client) get(ctx context.Context, c call, into any) error {
	body, err := g.body(ctx, c)
	if err == nil && json.Unmarshal(body, into) != nil {
		err = notJSON(c.kind)
	}
	return err
}

// body asks and gives the answer as it is. Errors: those of translate.
func (g *client) body(ctx context.Context, c call) ([]byte, error) {
	a, err := g.do(ctx, c)
	if err != nil {
		return nil, translate(c.kind, err)
	}
	return a.body, nil
}

func notJSON(k kind) error { return unavailable(fmt.Errorf("graph: %s: not what was asked for", k)) }

// do asks, with another token when the first one is refused. Errors: *refusal, *lostError, ErrUnavailable (not asked).
func (g *client) do(ctx context.Context, c call) (answer, error) {
	address, err := g.address(c)
	if err != nil {
		return answer{}, unavailable(err)
	}
	t, err := g.tokens.get(ctx, secret.Text{})
	if err != nil {
		return answer{}, err
	}
	a, err := g.ask(ctx, c, address, t)
	if err == nil && a.status == http.StatusUnauthorized { // not processed, so a write may be sent again
		if t, err = g.tokens.get(ctx, t.value); err != nil {
			return answer{}, err
		}
		a, err = g.ask(ctx, c, address, t)
	}
	if err != nil {
		g.log.WarnContext(ctx, "graph did not answer", "about", c.kind, "error", err)
		return a, err
	}
	if a.status/100 != 2 {
		return a, g.refused(ctx, c, a)
	}
	return a, nil
}

func (g *client) ask(ctx context.Context, c call, address string, t token) (answer, error) {
	q := question{again: repeatable(c.method), once: c.method == http.MethodPatch}
	q.compose = func(ctx context.Context) (*http.Request, error) { return g.request(ctx, c, address, t) }
	return ask(ctx, g.http, g.now, q)
}

// repeatable are the answers to repeat a question after. One that changes a password is repeated only where it was refused before it was
// processed: after a gateway's failure nobody knows.
func repeatable(method string) []int {
	refused := []int{http.StatusTooManyRequests, http.StatusConflict, http.StatusServiceUnavailable}
	if method == http.MethodPatch {
		return refused
	}
	return append(refused, http.StatusBadGateway, http.StatusGatewayTimeout)
}

// address is where to ask. A link must be Graph's own: the token goes along.
func (g *client) address(c call) (string, error) {
	address := c.path
	if strings.HasPrefix(address, "/") {
		address = g.base + "/v1.0" + address
	}
	if !strings.HasPrefix(address, g.base+"/v1.0/") {
		return "", errors.New("graph: a link that leads elsewhere")
	}
	if len(c.query) > 0 {
		address += "?" + strings.ReplaceAll(c.query.Encode(), "+", "%20")
	}
	return address, nil
}

func (g *client) request(ctx context.Context, c call, address string, t token) (*http.Request, error) {
	var body []byte
	if c.body != nil {
		var err error
		if body, err = json.Marshal(c.body); err != nil {
			return nil, errors.New("graph: the request cannot be written")
		}
	}
	method := c.method
	if method == "" {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, hideURL(err)
	}
	r.Header.Set("Authorization", "Bearer "+t.value.Reveal())
	r.Header.Set("Accept", "application/json")
	r.Header.Set("client-request-id", uuid.NewString())
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.advanced {
		r.Header.Set("ConsistencyLevel", "eventual")
	}
	if !c.quiet {
		r.Header.Set("x-ms-throttle-priority", "high")
	}
	return r, nil
}

// refusal is an answer that is none.
type refusal struct {
	status          int
	code, message   string
	request, client string // request-id and client-request-id
	location        string
}

// Error leaves the message out: it may quote a name that somebody typed.
func (r *refusal) Error() string {
	return fmt.Sprintf("graph answers %d %s (request-id %s)", r.status, r.code, r.request)
}

func (g *client) refused(ctx context.Context, c call, a answer) *refusal {
	var told struct {
		Error struct{ Code, Message string }
	}
	_ = json.Unmarshal(a.body, &told) // a gateway's answer is none of Graph's
	r := &refusal{
		status: a.status, code: told.Error.Code, message: told.Error.Message, request: a.header.Get("request-id"),
		client: a.header.Get("client-request-id"), location: a.header.Get("Location"),
	}
	level := slog.LevelWarn
	if a.status == http.StatusNotFound {
		level = slog.LevelDebug
	}
	g.log.Log(ctx, level, "graph refused", "about", c.kind, "status", r.status, "code", r.code, "request_id", r.request, "client_request_id", r.client)
	return r
}

// quoted writes a text of a filter (OData 4.01 §5.1.1.6.1).
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// list reads the pages of a list, item by item, until take is done.
func list[T any](ctx context.Context, g *client, c call, take func(T) (more bool)) error {
	for {
		var page struct {
			Value []T    `json:"value"`
			Next  string `json:"@odata.nextLink"`
		}
		if err := g.get(ctx, c, &page); err != nil {
			return err
		}
		for _, item := range page.Value {
			if !take(item) {
				return nil
			}
		}
		if page.Next == "" {
			return nil
		}
		c.path, c.query = page.Next, nil
	}
}

// limit bounds a call. A caller who has given up is told so before anything is asked.
func limit(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", directory.ErrUnavailable, err)
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	return ctx, cancel, nil
}
