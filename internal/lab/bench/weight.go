package bench

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// counted is a connection that counts what arrives.
type counted struct {
	net.Conn
	arrived *float64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	*c.arrived += float64(n)
	return n, err
}

// linked finds the files a page or a style sheet loads.
var linked = regexp.MustCompile(`(?:(?:src|href)="|url\(["']?)(/static/[^"')]+)`)

// weigh counts what arrives when a browser that has nothing yet opens the first page: headers and all, without TLS.
func (s *stage) weigh(ctx context.Context, r *Report) error {
	var arrived float64
	transport := &http.Transport{DisableCompression: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, network, address)
		return counted{c, &arrived}, err
	}}
	defer transport.CloseIdleConnections()
	open := func(path, encoding string) (string, float64, error) {
		before := arrived
		text, err := fetch(ctx, transport, s.portal.URL()+path, encoding)
		return text, arrived - before, err
	}
	files := []string{"/"}
	var view, all float64
	for i := 0; i < len(files); i++ {
		plain, _, err := open(files[i], "identity") // to read what it links to
		if err != nil {
			return err
		}
		_, size, err := open(files[i], "gzip")
		if err != nil {
			return err
		}
		for _, m := range linked.FindAllStringSubmatch(plain, -1) {
			if !slices.Contains(files, m[1]) {
				files = append(files, m[1])
			}
		}
		all += size
		if i == 0 || strings.HasSuffix(files[i], ".css") {
			view += size
		}
	}
	const kB, part = 1000, "First view with nothing kept, on the wire"
	r.add(Line{Part: part, Name: "page and style sheet", Unit: "kB", Aim: atMost(14)}, view/kB)
	r.add(Line{Part: part, Name: "everything it loads", Unit: "kB", Aim: atMost(25)}, all/kB)
	r.add(Line{Part: part, Name: "in so many requests", Aim: atMost(5)}, float64(len(files)))
	return nil
}

func fetch(ctx context.Context, via http.RoundTripper, url, encoding string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Accept-Encoding", encoding)
	resp, err := via.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, resp.Status)
	}
	return string(body), err
}
