package backupcode

import (
	"context"
	"errors"

	"rekey/internal/authenticator"
	"rekey/internal/secret"
)

var _ authenticator.Tried = (*Method)(nil)

// Try implements authenticator.Tried: a sheet is made, one of its codes is taken once, and the sheet is thrown away.
func (m *Method) Try(ctx context.Context, t authenticator.Trial) []authenticator.Step {
	step := authenticator.Step{Title: "A sheet is made and judged", Text: "One of its codes was accepted, and no second time. The sheet is gone.", Result: authenticator.Worked}
	if err := m.tryOnce(ctx, t); err != nil || ctx.Err() != nil {
		step.Text, step.Result = "A sheet could not be made and judged in time: this machine is short of memory or time for hashing.", authenticator.Failed
	}
	return []authenticator.Step{step}
}

// errTrial says that a code was judged otherwise than it should be.
var errTrial = errors.New("a code was judged wrongly")

func (m *Method) tryOnce(ctx context.Context, t authenticator.Trial) error {
	e := authenticator.Enrollment{Subject: t.Subject, Session: "trial"}
	made, err := m.Begin(ctx, e, nil, t.Now())
	if err != nil {
		return err
	}
	sheet, ok := made.Prompt.(authenticator.SheetPrompt)
	if !ok || len(sheet.Codes) < 2 {
		return errTrial
	}
	code := authenticator.CodeResponse{Code: secret.New(sheet.Codes[1])}
	done, err := m.Finish(ctx, e, made.State, code, t.Now())
	if err != nil || done.Outcome != authenticator.Accepted {
		return errors.Join(err, errTrial)
	}
	r := authenticator.Request{Subject: t.Subject, Credentials: []authenticator.Credential{done.Credential}, Flow: "trial", Purpose: "trial"}
	first, err := m.Verify(ctx, r, nil, code, t.Now())
	if err != nil || first.Outcome != authenticator.Accepted || first.Update == nil {
		return errors.Join(err, errTrial)
	}
	r.Credentials[0] = *first.Update
	second, err := m.Verify(ctx, r, nil, code, t.Now())
	if err != nil || second.Outcome == authenticator.Accepted {
		return errors.Join(err, errTrial)
	}
	return nil
}
