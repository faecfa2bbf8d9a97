package operate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rekey/internal/audit"
)

// Key is one of the keys that seal what is stored.
type Key struct {
	ID      uint32
	Made    time.Time // zero: by a version that did not write it down
	Current bool      // it seals; the others only open what they sealed
}

// Recorder writes an event to the audit log, in a transaction of its own.
type Recorder interface {
	Record(ctx context.Context, ev audit.Event) error
}

// Keys are the keys as operators see them. It is safe for concurrent use.
type Keys struct {
	List     func() []Key // newest first
	Make     func(ctx context.Context) error
	Recorder Recorder
	Now      func() time.Time
}

// Rotate makes a new key seal from now on; replicas follow within seconds, and what older keys sealed still opens. Nothing is changed
// where it cannot be recorded. Errors: a fault of kind Invalid on "reason".
func (k *Keys) Rotate(ctx context.Context, by Author, reason string) error {
	reason, err := checkReason(reason)
	if err != nil {
		return err
	}
	ev := by.event(audit.KeysRotated, k.Now(), map[string]string{"reason": reason})
	if err := k.Recorder.Record(ctx, ev); err != nil {
		return err
	}
	if err := k.Make(ctx); err != nil {
		ev.At, ev.Outcome = k.Now(), audit.Failed
		return errors.Join(fmt.Errorf("rotate keys: %w", err), k.Recorder.Record(context.WithoutCancel(ctx), ev))
	}
	return nil
}
