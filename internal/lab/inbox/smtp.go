package inbox

import (
	"errors"
	"io"
	"log"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Stage is a point in the talk between mail client and server.
type Stage string

// The stages.
const (
	AtSignIn    Stage = "sign-in"
	AtSender    Stage = "sender"
	AtRecipient Stage = "recipient"
	AtData      Stage = "data"     // before the message is taken
	AfterData   Stage = "accepted" // the message is taken, and the answer says otherwise
)

// Fault is what the mail server does wrong on purpose.
type Fault struct {
	At    Stage
	Code  int  // SMTP reply, such as 451 or 550
	Hang  bool // do not answer at all, until Heal or Close
	Times int  // how often; 0: until Heal
}

// Break injects a fault in place of the one before.
func (in *Inbox) Break(f Fault) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.fault = &f
	if in.fault.Times == 0 {
		in.fault.Times = -1
	}
}

// Heal takes the fault away.
func (in *Inbox) Heal() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.fault = nil
	close(in.arrived) // wakes hanging sessions
	in.arrived = make(chan struct{})
}

// trip applies the fault at a stage, if any.
func (in *Inbox) trip(at Stage) error {
	in.mu.Lock()
	f := in.fault
	if f == nil || f.At != at || f.Times == 0 {
		in.mu.Unlock()
		return nil
	}
	f.Times--
	in.mu.Unlock()
	if f.Hang {
		in.hang(f)
		return nil
	}
	class := f.Code / 100
	return &smtp.SMTPError{Code: f.Code, EnhancedCode: smtp.EnhancedCode{class, 1, 1}, Message: "broken on purpose"}
}

// hang waits until the fault is taken away.
func (in *Inbox) hang(f *Fault) {
	for {
		in.mu.Lock()
		there, changed := in.fault == f, in.arrived
		in.mu.Unlock()
		if !there {
			return
		}
		select {
		case <-changed:
		case <-in.closing:
			return
		}
	}
}

func (in *Inbox) mailServer() *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.sessions++
		if in.options.User == "" {
			return &session{inbox: in}, nil
		}
		return &signedIn{session: session{inbox: in}}, nil
	}))
	s.Domain, s.MaxRecipients, s.MaxMessageBytes = "inbox.example.test", 100, 10<<20
	s.ReadTimeout, s.WriteTimeout = time.Minute, time.Minute
	s.ErrorLog = log.New(io.Discard, "", 0)
	s.EnableSMTPUTF8 = true
	if !in.options.Implicit {
		s.TLSConfig = in.options.TLS
	}
	return s
}

// session takes the mails of one connection.
type session struct {
	inbox *Inbox
	from  string
	to    []string
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return s.inbox.trip(AtSender)
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.inbox.trip(AtRecipient); err != nil {
		return err
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.inbox.trip(AtData); err != nil {
		return err
	}
	m, err := read(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "not a mail: " + err.Error()}
	}
	for _, to := range s.to {
		m.From, m.To = s.from, to
		s.inbox.add(m)
	}
	return s.inbox.trip(AfterData)
}

// signedIn takes mails after a sign-in only.
type signedIn struct {
	session
	ok bool
}

func (s *signedIn) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *signedIn) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if err := s.inbox.trip(AtSignIn); err != nil {
			return err
		}
		if user != s.inbox.options.User || password != s.inbox.options.Password {
			return errors.New("wrong user or password")
		}
		s.ok = true
		return nil
	}), nil
}

func (s *signedIn) Mail(from string, o *smtp.MailOptions) error {
	if !s.ok {
		return smtp.ErrAuthRequired
	}
	return s.session.Mail(from, o)
}
