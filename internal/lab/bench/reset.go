package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"rekey/internal/lab/inbox"
)

// person is somebody who resets.
type person struct {
	sam     string
	private string // mailbox that codes go to
	object  string // objectGUID
}

// mailbox hands codes to those who wait for them. It is safe for concurrent use.
type mailbox struct {
	codes   map[string]chan string // by address
	arrived atomic.Int64
}

func newMailbox(sams []string) *mailbox {
	m := &mailbox{codes: make(map[string]chan string, len(sams))}
	for _, sam := range sams {
		m.codes[privateAddress(sam)] = make(chan string, 8)
	}
	return m
}

func privateAddress(sam string) string { return sam + "@home.example.test" }

// take is told of every mail.
func (m *mailbox) take(msg inbox.Message) {
	m.arrived.Add(1)
	c, ok := m.codes[msg.To]
	if !ok {
		return
	}
	if code := codeIn(msg.Text); code != "" {
		c <- code
	}
}

// codeIn finds the paragraph that is a code.
func codeIn(text string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); len(line) == 6 && strings.Trim(line, "0123456789") == "" {
			return line
		}
	}
	return ""
}

// mailWait bounds how long a code may take.
const mailWait = 30 * time.Second

func (m *mailbox) code(ctx context.Context, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, mailWait)
	defer cancel()
	select {
	case code := <-m.codes[address]:
		return code, nil
	case <-ctx.Done():
		return "", fmt.Errorf("no code for %s: %w", address, ctx.Err())
	}
}

// quiet waits until no mail has come for a while: then the portal has done all the work of what went before.
func (m *mailbox) quiet(ctx context.Context) error {
	const calm = 500 * time.Millisecond
	for before := int64(-1); before != m.arrived.Load(); {
		before = m.arrived.Load()
		if err := pause(ctx, calm); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// newPassword meets the rules of every directory here and is like no other.
func newPassword() string { return "New-" + rand.Text()[:16] + "-1a" }

// reset does a whole one: the first page, four forms and the page after each.
func (c *client) reset(ctx context.Context, p person, password string, codes *mailbox) error {
	c.cookie = ""
	if err := c.get("/"); err != nil {
		return err
	}
	if err := c.post("/start/reset", "name="+p.sam); err != nil {
		return err
	}
	if err := c.answer("/flow/choose", "&method=mail"); err != nil {
		return err
	}
	code, err := codes.code(ctx, p.private)
	if err != nil {
		return err
	}
	if err := c.answer("/flow/answer", "&code="+code); err != nil {
		return err
	}
	typed := url.QueryEscape(password)
	if err := c.answer("/flow/finish", "&password="+typed+"&password2="+typed); err != nil {
		return err
	}
	if !bytes.Contains(c.page, []byte("Your password is changed")) {
		return fmt.Errorf("%w: the password of %s is not changed", errPage, p.sam)
	}
	return nil
}

// answer sends the form of the page that is open.
func (c *client) answer(action, fields string) error {
	at, err := c.at(action)
	if err != nil {
		return err
	}
	return c.post(action, "at="+url.QueryEscape(at)+fields)
}
