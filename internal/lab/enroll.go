package lab

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pquerna/otp/totp"
	"golang.org/x/sync/errgroup"

	"rekey/internal/account"
	"rekey/internal/app"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/directory"
	"rekey/internal/factor"
	"rekey/internal/flow"
	"rekey/internal/lab/people"
	"rekey/internal/secret"
)

// Methods is what a person has set up, as lab.json tells it.
type Methods struct {
	TOTP  *TOTP    `json:"totp,omitempty"`
	Mail  *Mail    `json:"mail,omitempty"`
	Sheet []string `json:"backup_codes,omitempty"`
}

// TOTP is an authenticator app's key, base32.
type TOTP struct {
	Secret string `json:"secret"`
}

// Mail is a private mailbox.
type Mail struct {
	Address string `json:"address"`
}

// enrolledAgo dates what is set up back, so that no code of the present time step is used up.
const enrolledAgo = 24 * time.Hour

// enroller sets methods up through the product's own code, as the person would, only earlier.
type enroller struct {
	app *app.App
	at  time.Time
}

// Enroll sets up what people are said to have.
func Enroll(ctx context.Context, a *app.App, all []people.Person) ([]Person, error) {
	e := enroller{a, time.Now().Add(-enrolledAgo)}
	out := make([]Person, len(all))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, p := range all {
		g.Go(func() error {
			m, err := e.enroll(ctx, p)
			out[i] = describe(p, m)
			return err
		})
	}
	return out, g.Wait()
}

// enroll sets up what a person is said to have.
func (e enroller) enroll(ctx context.Context, p people.Person) (Methods, error) {
	var m Methods
	d, ok := e.app.Settings.Snapshot().Directory(p.Domain.Name)
	if !ok {
		return m, fmt.Errorf("no directory %s", p.Domain.Name)
	}
	a, err := d.Lookup(ctx, directory.Identifier{Raw: p.UPN(), Mail: p.UPN()})
	if err != nil {
		return m, fmt.Errorf("%s: %w", p.UPN(), err)
	}
	var made []authenticator.Credential
	add := func(k factor.Kind, answer func(authenticator.Challenge) (authenticator.Response, error)) error {
		c, err := e.method(ctx, a, k, p, answer)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", p.UPN(), k, err)
		}
		made = append(made, c)
		return nil
	}
	if p.App {
		m.TOTP = &TOTP{}
		err = errors.Join(err, add(factor.TOTP, func(c authenticator.Challenge) (authenticator.Response, error) {
			seed, _ := c.Prompt.(authenticator.SeedPrompt)
			m.TOTP.Secret = authenticator.Letters(secret.New(seed.Key))
			code, err := totp.GenerateCode(m.TOTP.Secret, e.at)
			return authenticator.CodeResponse{Code: secret.New(code)}, err
		}))
	}
	if p.Private != "" {
		m.Mail = &Mail{p.Private}
		err = errors.Join(err, add(factor.Mail, func(c authenticator.Challenge) (authenticator.Response, error) {
			return authenticator.CodeResponse{Code: secret.New(c.Send[0].Data["code"])}, nil
		}))
	}
	if p.Sheet {
		err = errors.Join(err, add(factor.BackupCode, func(c authenticator.Challenge) (authenticator.Response, error) {
			sheet, _ := c.Prompt.(authenticator.SheetPrompt)
			m.Sheet = sheet.Codes
			return authenticator.CodeResponse{Code: secret.New(sheet.Codes[0])}, nil
		}))
	}
	if err != nil {
		return m, err
	}
	return m, e.save(ctx, a.ID, made)
}

// method goes through one enrollment.
func (e enroller) method(ctx context.Context, a account.Account, k factor.Kind, p people.Person, answer func(authenticator.Challenge) (authenticator.Response, error)) (authenticator.Credential, error) {
	var none authenticator.Credential
	m, ok := e.app.Settings.Snapshot().Methods[k].(authenticator.Enroller)
	if !ok {
		return none, errors.New("cannot be set up")
	}
	en := authenticator.Enrollment{
		Subject: authenticator.Subject{Account: a.ID, Name: a.Name(), DisplayName: a.DisplayName, Locale: "en", Mails: a.Mails}, Session: "lab",
	}
	c, err := m.Begin(ctx, en, nil, e.at)
	if _, asks := c.Prompt.(authenticator.AddressPrompt); err == nil && asks {
		c, err = m.Begin(ctx, en, authenticator.AddressResponse{Address: p.Private}, e.at)
	}
	if err != nil {
		return none, err
	}
	said, err := answer(c)
	if err != nil {
		return none, err
	}
	done, err := m.Finish(ctx, en, c.State, said, e.at)
	if err != nil {
		return none, err
	}
	if done.Outcome != authenticator.Accepted {
		return none, errors.New(done.Reason)
	}
	done.Credential.ID = fmt.Sprintf("lab-%s-%s", a.ID.Object, k)
	done.Credential.Account, done.Credential.Created = a.ID, e.at
	return done.Credential, nil
}

func (e enroller) save(ctx context.Context, who account.ID, cs []authenticator.Credential) error {
	var effects flow.Effects
	for _, c := range cs {
		effects.Audit = append(effects.Audit, audit.Event{
			Name: audit.MethodAdded, At: e.at, Actor: audit.System, Outcome: audit.OK, Reason: "lab", Subject: who, Purpose: "enroll",
			Settings: e.app.Settings.Snapshot().Version, Factors: []factor.Kind{c.Kind},
		})
	}
	return e.app.Store.Import(ctx, cs, effects)
}
