package recovery

import (
	"context"
	"errors"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/directory"
)

// SignOutJob is one account that is to be signed out everywhere in its directory, as kept by the job queue.
type SignOutJob struct {
	Directory string `json:"directory"`
	Object    string `json:"object"`
}

// SignOutQueue is a queue of its own: a directory that hangs keeps no message waiting.
const SignOutQueue = "sign-out"

// Kind names the job in the queue.
func (SignOutJob) Kind() string { return "sign-out" }

// Recorder writes an event to the audit log, in a transaction of its own.
type Recorder interface {
	Record(ctx context.Context, ev audit.Event) error
}

// SignOut ends everything an account is signed in to. Doing it twice is the same as once. An error means that another try may help;
// last says that there will be none.
func (s *Service) SignOut(ctx context.Context, job SignOutJob, last bool) error {
	id := account.ID{Directory: job.Directory, Object: job.Object}
	d, _ := s.Site().Directory(id.Directory)
	revoker, ok := d.(directory.SessionRevoker)
	if !ok {
		return nil // the directory was taken out of the settings meanwhile
	}
	err := revoker.RevokeSessions(ctx, id)
	ev := audit.Event{
		Name: audit.SignedOutThere, At: s.Now(), Actor: audit.System, Outcome: audit.OK, Subject: id, Settings: s.Site().Version,
	}
	switch {
	case errors.Is(err, directory.ErrNotFound):
		return nil
	case errors.Is(err, directory.ErrDenied):
		ev.Outcome, ev.Reason = audit.Failed, "denied"
	case err != nil && last:
		ev.Outcome, ev.Reason = audit.Failed, "unavailable"
	case err != nil:
		return err
	}
	if err != nil {
		s.Log.WarnContext(ctx, "sign-out", "directory", id.Directory, "reason", ev.Reason, "error", err)
	}
	return s.Recorder.Record(ctx, ev)
}
