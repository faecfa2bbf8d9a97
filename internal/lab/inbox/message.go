package inbox

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strconv"
	"strings"
	"time"
)

// Message is one message as it arrived.
type Message struct {
	ID      string    `json:"id"`
	Channel string    `json:"channel"` // mail or sms
	To      string    `json:"to"`      // as the envelope says
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
	At      time.Time `json:"at"`

	From   string      `json:"-"` // as the envelope says
	Header mail.Header `json:"-"`
	Raw    []byte      `json:"-"`
	number int
}

// Messages lists what arrived for an address, newest first; for all with an empty one.
func (in *Inbox) Messages(to string) []Message {
	in.mu.Lock()
	defer in.mu.Unlock()
	list := []Message{}
	for i := len(in.messages) - 1; i >= 0; i-- {
		if to == "" || strings.EqualFold(in.messages[i].To, to) {
			list = append(list, in.messages[i])
		}
	}
	return list
}

// Next waits for the next message to an address, or to anybody with an empty one. Each call gives the oldest one that an
// earlier call for the same address did not give.
func (in *Inbox) Next(ctx context.Context, to string) (Message, error) {
	for {
		m, arrived, ok := in.take(to)
		if ok {
			return m, nil
		}
		select {
		case <-arrived:
		case <-in.closing:
			return Message{}, errors.New("the inbox is closed")
		case <-ctx.Done():
			return Message{}, fmt.Errorf("no message for %q: %w", to, ctx.Err())
		}
	}
}

func (in *Inbox) take(to string) (Message, <-chan struct{}, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	key := strings.ToLower(to)
	for _, m := range in.messages {
		if m.number > in.taken[key] && (to == "" || strings.EqualFold(m.To, to)) {
			in.taken[key] = m.number
			return m, nil, true
		}
	}
	return Message{}, in.arrived, false
}

func (in *Inbox) add(m Message) {
	if in.options.Arrived != nil {
		in.options.Arrived(m)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.number++
	m.number, m.ID, m.At = in.number, strconv.Itoa(in.number), time.Now()
	in.messages = append(in.messages, m)
	if len(in.messages) > keep {
		in.messages = append([]Message(nil), in.messages[len(in.messages)-keep:]...)
	}
	close(in.arrived)
	in.arrived = make(chan struct{})
}

// read takes a mail apart.
func read(raw []byte) (Message, error) {
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Message{}, err
	}
	m := Message{Channel: "mail", Header: parsed.Header, Raw: raw}
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject")); err != nil {
		return Message{}, err
	}
	err = m.part(parsed.Header.Get("Content-Type"), parsed.Header.Get("Content-Transfer-Encoding"), parsed.Body)
	return m, err
}

// part reads one part, and those within it.
func (m *Message) part(contentType, encoding string, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		return m.parts(multipart.NewReader(body, params["boundary"]))
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	switch kind {
	case "text/plain":
		m.Text += strings.ReplaceAll(string(text), "\r\n", "\n")
	case "text/html":
		m.HTML += string(text)
	}
	return err
}

func (m *Message) parts(r *multipart.Reader) error {
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := m.part(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p); err != nil {
			return err
		}
	}
}
