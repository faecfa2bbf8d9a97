package graph

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// mostItems is how many requests a batch may hold.
const mostItems = 20

type batchItem struct {
	ID      string            `json:"id"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
	After   []string          `json:"dependsOn"`
}

type batchResult struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    json.RawMessage   `json:"body,omitempty"`
}

// batch carries out several requests, each through the same door as alone.
func (s *Server) batch(w http.ResponseWriter, r *http.Request, mux http.Handler) {
	c := &call{s: s, r: r, now: s.now()}
	var in struct {
		Requests []batchItem `json:"requests"`
	}
	err := c.authenticate()
	if err == nil {
		err = c.body(&in)
	}
	if err == nil && (len(in.Requests) == 0 || len(in.Requests) > mostItems) {
		err = refuse(http.StatusBadRequest, "BadRequest", "Number of batch request steps must be between 1 and 20.")
	}
	if err != nil {
		writeError(w, r, c.now, err)
		return
	}
	door := s.watched(spoiled(s, keyed(mux), writeFault))
	results := make([]batchResult, 0, len(in.Requests))
	failed := map[string]bool{}
	for _, item := range in.Requests {
		result := runItem(r, door, item, failed)
		failed[item.ID] = result.Status >= http.StatusBadRequest
		results = append(results, result)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"responses": results}) // the reader may have gone
}

func runItem(outer *http.Request, door http.Handler, item batchItem, failed map[string]bool) batchResult {
	for _, before := range item.After {
		if bad, done := failed[before]; bad || !done {
			return batchResult{ID: item.ID, Status: http.StatusFailedDependency, Body: json.RawMessage(
				`{"error":{"code":"FailedDependency","message":"Failed to complete the request because a dependent request failed."}}`)}
		}
	}
	r, err := http.NewRequestWithContext(outer.Context(), item.Method, "/v1.0/"+strings.TrimPrefix(item.URL, "/"), bytes.NewReader(item.Body))
	if err != nil {
		return batchResult{ID: item.ID, Status: http.StatusBadRequest}
	}
	r.Header.Set("Authorization", outer.Header.Get("Authorization"))
	for name, value := range item.Headers {
		r.Header.Set(name, value)
	}
	heard := &collected{header: http.Header{}}
	door.ServeHTTP(heard, r)
	result := batchResult{ID: item.ID, Status: heard.status, Headers: map[string]string{}}
	for name := range heard.header {
		result.Headers[name] = heard.header.Get(name)
	}
	if heard.body.Len() > 0 {
		result.Body = bytes.TrimSpace(heard.body.Bytes())
	}
	return result
}

// collected is an answer kept instead of sent.
type collected struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (c *collected) Header() http.Header { return c.header }

func (c *collected) Write(b []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	return c.body.Write(b)
}

func (c *collected) WriteHeader(status int) { c.status = status }
