package fastldap

import (
	"bufio"
	"errors"
	"io"
)

// Tags of LDAP (RFC 4511). All are below 31, so one byte holds them.
const (
	tagBoolean, tagInteger, tagOctets, tagEnumerated = 0x01, 0x02, 0x04, 0x0a
	tagSequence, tagSet                              = 0x30, 0x31

	bindRequest, bindResponse     = 0x60, 0x61
	unbindRequest                 = 0x42
	searchRequest, searchEntry    = 0x63, 0x64
	searchDone                    = 0x65
	modifyRequest, modifyResponse = 0x66, 0x67
	extendedResponse              = 0x78

	simpleAuth = 0x80
)

var errBER = errors.New("not a message of LDAP")

// longest bounds a message. The portal's are some hundred bytes.
const longest = 1 << 20

// element is one value as it was sent.
type element struct {
	tag  byte
	body []byte
}

// cut takes the first element off b.
func cut(b []byte) (element, []byte, error) {
	if len(b) < 2 {
		return element{}, nil, errBER
	}
	length, from := int(b[1]), 2
	if length > 0x80 {
		octets := length - 0x80
		if octets > 3 || len(b) < 2+octets {
			return element{}, nil, errBER
		}
		length, from = 0, 2+octets
		for _, c := range b[2:from] {
			length = length<<8 | int(c)
		}
	}
	if length > len(b)-from {
		return element{}, nil, errBER
	}
	return element{b[0], b[from : from+length]}, b[from+length:], nil
}

// split takes an element's body apart.
func (e element) split() ([]element, error) {
	parts := make([]element, 0, 8)
	for rest := e.body; len(rest) > 0; {
		var part element
		var err error
		if part, rest, err = cut(rest); err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// fields takes a body apart that has at least n parts.
func (e element) fields(n int) ([]element, error) {
	parts, err := e.split()
	if err == nil && len(parts) < n {
		err = errBER
	}
	return parts, err
}

func (e element) number() int {
	n := 0
	for _, c := range e.body {
		n = n<<8 | int(c)
	}
	return n
}

func (e element) text() string { return string(e.body) }

// receive reads one message into a buffer that the next call uses again.
func receive(r *bufio.Reader, into []byte) ([]byte, error) {
	head, err := r.Peek(2)
	if err != nil {
		return nil, err
	}
	size := 2
	if head[1] > 0x80 {
		size += int(head[1] - 0x80)
	}
	if head, err = r.Peek(size); err != nil {
		return nil, err
	}
	length := int(head[1])
	if size > 2 {
		length = element{body: head[2:]}.number()
	}
	if head[0] != tagSequence || size > 5 || length > longest {
		return nil, errBER
	}
	if total := size + length; cap(into) < total {
		into = make([]byte, total)
	} else {
		into = into[:total]
	}
	_, err = io.ReadFull(r, into)
	return into, err
}

// writer builds messages. Constructed values get three octets of length, whatever their size, so that nothing has to be moved.
type writer struct {
	b    []byte
	open []int // where the lengths of open values stand
}

func (w *writer) reset() { w.b, w.open = w.b[:0], w.open[:0] }

func (w *writer) begin(tag byte) {
	w.b = append(w.b, tag, 0x83, 0, 0, 0)
	w.open = append(w.open, len(w.b)-3)
}

func (w *writer) end() {
	at := w.open[len(w.open)-1]
	w.open = w.open[:len(w.open)-1]
	n := len(w.b) - at - 3
	w.b[at], w.b[at+1], w.b[at+2] = byte(n>>16), byte(n>>8), byte(n)
}

func (w *writer) text(s string) {
	w.begin(tagOctets)
	w.b = append(w.b, s...)
	w.end()
}

// number writes what is not negative.
func (w *writer) number(tag byte, n int) {
	w.b = append(w.b, tag, 5, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}
