package visitor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pquerna/otp/totp"
)

// Proofs is what a person can prove with, without a browser's script.
type Proofs struct {
	Secret string                                    // of the authenticator app, base32; empty: none
	Code   func(ctx context.Context) (string, error) // reads the newest code of the private mailbox; nil: none
	Sheet  []string                                  // unused backup codes
	Now    func() time.Time                          // nil: time.Now
}

// Start types a name on the first page of an action: "reset", "unlock" or "change".
func (v *Visitor) Start(ctx context.Context, action, name string) (*Page, error) {
	path := map[string]string{"reset": "/", "unlock": "/unlock", "change": "/change"}[action]
	if _, err := v.Open(ctx, path); err != nil {
		return nil, err
	}
	return v.Submit(ctx, "/start/"+action, Fields{"name": name})
}

// Prove chooses a way and answers it.
func (v *Visitor) Prove(ctx context.Context, kind string, p Proofs) (*Page, error) {
	if _, err := v.Submit(ctx, "/flow/choose", Fields{"method": kind}); err != nil {
		return nil, err
	}
	code, err := p.answer(ctx, kind)
	if err != nil {
		return nil, err
	}
	return v.Submit(ctx, "/flow/answer", Fields{"code": code})
}

func (p Proofs) answer(ctx context.Context, kind string) (string, error) {
	switch kind {
	case "totp":
		now := time.Now
		if p.Now != nil {
			now = p.Now
		}
		return totp.GenerateCode(p.Secret, now())
	case "mail":
		return p.Code(ctx)
	case "backup-code":
		if len(p.Sheet) == 0 {
			return "", fmt.Errorf("no backup code is left")
		}
		return p.Sheet[0], nil
	}
	return "", fmt.Errorf("%s cannot be proven without a browser", kind)
}

// ProveAll proves the given kinds one after the other until the password page comes.
func (v *Visitor) ProveAll(ctx context.Context, p Proofs, kinds ...string) (*Page, error) {
	for _, k := range kinds {
		if !slices.Contains(v.page.Options("method"), k) {
			return nil, fmt.Errorf("page %q does not offer %s but %v", v.page.H1, k, v.page.Options("method"))
		}
		if _, err := v.Prove(ctx, k, p); err != nil {
			return nil, err
		}
	}
	return v.page, nil
}

// Finish types the new password.
func (v *Visitor) Finish(ctx context.Context, password string) (*Page, error) {
	return v.Submit(ctx, "/flow/finish", Fields{"password": password, "password2": password})
}

// Reset does a whole reset and gives its last page.
func (v *Visitor) Reset(ctx context.Context, name, password string, p Proofs, kinds ...string) (*Page, error) {
	if _, err := v.Start(ctx, "reset", name); err != nil {
		return nil, err
	}
	if _, err := v.ProveAll(ctx, p, kinds...); err != nil {
		return nil, err
	}
	return v.Finish(ctx, password)
}
