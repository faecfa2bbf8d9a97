package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// hammer asks for one page over and over on connections that are kept, each as soon as it has its answer. One thread waits for all
// of them and allocates nothing, so that the processors are the portal's.
type hammer struct {
	request string
	epoll   int
	lines   map[int32]*line // by file descriptor
}

// line is one connection with the answer it is receiving.
type line struct {
	fd     int
	answer []byte
	have   int
}

// newHammer connects to the portal at origin.
func newHammer(origin, request string, connections int) (*hammer, error) {
	u, err := url.Parse(origin)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		return nil, err
	}
	h := &hammer{request: request, lines: map[int32]*line{}}
	if h.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	for range connections {
		if err := h.connect(port); err != nil {
			h.close()
			return nil, fmt.Errorf("connect to the portal: %w", err)
		}
	}
	return h, nil
}

func (h *hammer) connect(port int) error {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	h.lines[int32(fd)] = &line{fd: fd, answer: make([]byte, 64<<10)}
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: port, Addr: netip.AddrFrom4([4]byte{127, 0, 0, 1}).As4()}); err != nil {
		return err
	}
	if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1); err != nil {
		return err
	}
	return syscall.EpollCtl(h.epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)})
}

func (h *hammer) close() {
	for _, l := range h.lines {
		_ = syscall.Close(l.fd)
	}
	_ = syscall.Close(h.epoll)
}

// run asks for as long as d and counts the answers. Each has to be a whole 200.
func (h *hammer) run(ctx context.Context, d time.Duration) (answers int, err error) {
	for _, l := range h.lines {
		if err := h.ask(l); err != nil {
			return 0, err
		}
	}
	events := make([]syscall.EpollEvent, len(h.lines))
	asked := len(h.lines)
	for end := time.Now().Add(d); answers < asked; {
		const patience = 10_000 // ms
		n, err := syscall.EpollWait(h.epoll, events, patience)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil || n == 0 || ctx.Err() != nil {
			return answers, errors.Join(err, ctx.Err(), errors.New("no answer from the portal"))
		}
		more := time.Now().Before(end)
		for _, e := range events[:n] {
			l := h.lines[e.Fd]
			whole, err := l.read()
			if err != nil {
				return answers, err
			}
			if !whole {
				continue
			}
			if answers++; !more {
				continue
			}
			asked++
			if err := h.ask(l); err != nil {
				return answers, err
			}
		}
	}
	return answers, nil
}

func (h *hammer) ask(l *line) error {
	l.have = 0
	n, err := syscall.Write(l.fd, []byte(h.request))
	if err == nil && n < len(h.request) {
		err = errors.New("the portal does not take the request")
	}
	return err
}

// read takes what has arrived and reports whether that is all of the answer.
func (l *line) read() (bool, error) {
	n, err := syscall.Read(l.fd, l.answer[l.have:])
	if err != nil {
		return false, err
	}
	if n == 0 {
		return false, errors.New("the portal ended the connection")
	}
	l.have += n
	return whole(l.answer[:l.have])
}

// whole reports whether an answer is complete. It must be a 200 that tells its length.
func whole(answer []byte) (bool, error) {
	end := bytes.Index(answer, []byte("\r\n\r\n"))
	if end < 0 {
		return false, nil
	}
	const length = "\r\nContent-Length: "
	at := bytes.Index(answer[:end], []byte(length))
	if at < 0 || !bytes.HasPrefix(answer, []byte("HTTP/1.1 200 ")) {
		return false, fmt.Errorf("unexpected answer: %.200q", answer)
	}
	size := 0
	for _, digit := range answer[at+len(length) : end] {
		if digit < '0' || digit > '9' {
			break
		}
		size = size*10 + int(digit-'0')
	}
	return len(answer) >= end+4+size, nil
}

// startPage measures how many first pages the portal serves in a second, to a browser and to a tool that sends next to nothing.
func (s *stage) startPage(ctx context.Context, r *Report, runs int, each time.Duration) error {
	const clients = 16
	host := strings.TrimPrefix(s.portal.URL(), "http://")
	for _, kind := range []struct{ name, headers string }{
		{"with a browser's headers", common}, {"with a load tool's headers", "User-Agent: bench\r\nAccept-Encoding: gzip\r\n"},
	} {
		h, err := newHammer(s.portal.URL(), "GET / HTTP/1.1\r\nHost: "+host+"\r\n"+kind.headers+"\r\n", clients)
		if err != nil {
			return err
		}
		rates, mine, theirs, err := s.hammerTimes(ctx, h, runs, each)
		h.close()
		if err != nil {
			return err
		}
		r.add(Line{
			Part: fmt.Sprintf("First page, %d clients on kept connections", clients), Name: kind.name, Unit: "/s", Aim: atLeast(20_000),
			Remarks: fmt.Sprintf("processor time of one page: portal %.1f µs, client %.1f µs", theirs, mine),
		}, rates...)
	}
	return nil
}

// hammerTimes gives the rate of each run, and what one page costs the client and the portal in µs.
func (s *stage) hammerTimes(ctx context.Context, h *hammer, runs int, each time.Duration) (rates []float64, mine, theirs float64, err error) {
	if _, err := h.run(ctx, each/4); err != nil { // warm up
		return nil, 0, 0, err
	}
	total := 0
	before, err := s.clocks()
	if err != nil {
		return nil, 0, 0, err
	}
	for range runs {
		began := time.Now()
		n, err := h.run(ctx, each)
		if err != nil {
			return nil, 0, 0, err
		}
		total += n
		rates = append(rates, perSecond(n, time.Since(began)))
	}
	after, err := s.clocks()
	page := func(s spent) float64 { return float64(s.total()) / float64(time.Microsecond) / float64(total) }
	return rates, page(after.load.since(before.load)), page(after.portal.since(before.portal)), err
}
