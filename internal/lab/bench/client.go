package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// client is a browser reduced to what a reset needs: one connection that is kept, one cookie, and no look at a page but for what
// the next form is made of.
type client struct {
	conn   net.Conn
	in     *bufio.Reader
	out    []byte
	origin string
	host   string
	cookie string // "name=value"; empty: none

	status   int
	redirect bool
	page     []byte // the last answer's body
}

// dial connects from an address of its own, as visitors do: the portal limits how often one address begins.
func dial(ctx context.Context, origin string, number int) (*client, error) {
	u, err := url.Parse(origin)
	if err != nil {
		return nil, err
	}
	from := &net.TCPAddr{IP: net.IPv4(127, 1, byte(number>>8), byte(number+1))}
	conn, err := (&net.Dialer{LocalAddr: from}).DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", u.Port()))
	if err != nil {
		return nil, err
	}
	return &client{conn: conn, in: bufio.NewReaderSize(conn, 32<<10), origin: origin, host: u.Host}, nil
}

func (c *client) close() { _ = c.conn.Close() }

// common is what browsers send along with everything.
const common = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n" +
	"Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\n" +
	"Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\n"

func (c *client) begin(method, path string) {
	c.out = append(c.out[:0], method...)
	c.out = append(c.out, ' ')
	c.out = append(c.out, path...)
	c.out = append(c.out, " HTTP/1.1\r\nHost: "...)
	c.out = append(c.out, c.host...)
	c.out = append(c.out, "\r\n"+common...)
	if c.cookie != "" {
		c.out = append(c.out, "Cookie: "...)
		c.out = append(c.out, c.cookie...)
		c.out = append(c.out, "\r\n"...)
	}
}

// get opens a page.
func (c *client) get(path string) error {
	c.begin("GET", path)
	c.out = append(c.out, "\r\n"...)
	if err := c.exchange(); err != nil {
		return err
	}
	if c.status != 200 {
		return fmt.Errorf("GET %s: status %d", path, c.status)
	}
	return nil
}

// post sends a form and opens the page it leads to.
func (c *client) post(path, form string) error {
	c.begin("POST", path)
	c.out = append(c.out, "Origin: "...)
	c.out = append(c.out, c.origin...)
	c.out = append(c.out, "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "...)
	c.out = strconv.AppendInt(c.out, int64(len(form)), 10)
	c.out = append(c.out, "\r\n\r\n"...)
	c.out = append(c.out, form...)
	if err := c.exchange(); err != nil {
		return err
	}
	if !c.redirect {
		return fmt.Errorf("POST %s: status %d instead of a redirect", path, c.status)
	}
	return c.get("/flow")
}

// exchange sends what was built and reads the answer.
func (c *client) exchange() error {
	if _, err := c.conn.Write(c.out); err != nil {
		return err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if len(line) < 12 {
		return fmt.Errorf("answer %q", line)
	}
	if c.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return fmt.Errorf("answer %q", line)
	}
	length, err := c.header()
	if err != nil {
		return err
	}
	return c.body(length)
}

const chunked = -1

// header reads up to the empty line and gives the body's length.
func (c *client) header() (length int, err error) {
	c.redirect = false
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			return length, nil
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch string(name) {
		case "Content-Length":
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		case "Transfer-Encoding":
			length = chunked
		case "Location":
			c.redirect = string(value) == "/flow"
		case "Set-Cookie":
			pair, _, _ := strings.Cut(string(value), ";")
			c.cookie = pair
		}
	}
}

func (c *client) body(length int) error {
	c.page = c.page[:0]
	if length != chunked {
		return c.take(length)
	}
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseUint(string(bytes.TrimRight(line, "\r\n")), 16, 31)
		if err != nil {
			return err
		}
		if err := c.take(int(size)); err != nil {
			return err
		}
		if _, err := c.in.Discard(2); err != nil || size == 0 { // the line end of the chunk
			return err
		}
	}
}

// take adds n bytes to the page.
func (c *client) take(n int) error {
	at := len(c.page)
	c.page = append(c.page, make([]byte, n)...)
	_, err := io.ReadFull(c.in, c.page[at:])
	return err
}

var errPage = errors.New("not the page that was expected")

// at is the hidden field that names the state a form was made from. The page must hold the form that leads to action.
func (c *client) at(action string) (string, error) {
	if !bytes.Contains(c.page, []byte(`action="`+action+`"`)) {
		return "", fmt.Errorf("%w: no form leads to %s", errPage, action)
	}
	_, rest, found := bytes.Cut(c.page, []byte(`name="at" value="`))
	value, _, closed := bytes.Cut(rest, []byte(`"`))
	if !found || !closed {
		return "", errPage
	}
	return string(value), nil
}
