package bench

import (
	"context"
	"time"
)

const startPart = "The process, on a database that is there"

// starts ends the portal and starts it again, and again.
func (s *stage) starts(ctx context.Context, r *Report, runs int) error {
	var took []float64
	for range runs {
		s.portal.Stop()
		began := time.Now()
		if err := s.portal.Start(ctx); err != nil {
			return err
		}
		took = append(took, time.Since(began).Seconds())
	}
	r.add(Line{Part: startPart, Name: "start to the first page", Unit: "s", Aim: below(0.15), Remarks: "looked for every 5 ms"}, took...)
	return nil
}

// idle looks at the memory of a portal that has started and served one page.
func (s *stage) idle(ctx context.Context, r *Report, after time.Duration) error {
	if err := pause(ctx, after); err != nil {
		return err
	}
	held, err := resident(s.portal.PID())
	if err != nil {
		return err
	}
	r.add(Line{Part: startPart, Name: "resident memory, idle", Unit: "MB", Aim: below(45), Remarks: after.String() + " after the start"}, held/1e6)
	return nil
}

// loaded looks at the memory of a portal that has just done all the resets.
func (s *stage) loaded(r *Report) error {
	held, err := resident(s.portal.PID())
	if err != nil {
		return err
	}
	r.add(Line{Part: startPart, Name: "resident memory after the load above", Unit: "MB"}, held/1e6)
	return nil
}
