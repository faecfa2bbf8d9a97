package operate

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"rekey/internal/directory"
	"rekey/internal/fault"
)

// Check looks at one part of what a reset depends on. It changes nothing.
type Check struct {
	Name string
	Run  func(ctx context.Context) []directory.Finding
}

const (
	// checkFor bounds one check.
	checkFor = 30 * time.Second
	// LostAfter is after how long without a word a checkup is taken for ended with its replica.
	LostAfter = 2 * checkFor
)

// Checkup is one run of all checks.
type Checkup struct {
	Number  int64
	By      string
	Began   time.Time
	Touched time.Time // of the last step
	Ended   time.Time // zero: it has not
	Done    int       // checks
	Of      int
	Next    string // the check that runs
	Found   []directory.Finding
}

// Wrong counts what is not as it should be.
func (c Checkup) Wrong() int {
	n := 0
	for _, f := range c.Found {
		if !f.OK {
			n++
		}
	}
	return n
}

// Running reports whether more is to come.
func (c Checkup) Running(now time.Time) bool {
	return c.Number != 0 && c.Ended.IsZero() && now.Sub(c.Touched) <= LostAfter
}

// Lost reports a checkup whose replica is gone.
func (c Checkup) Lost(now time.Time) bool {
	return c.Number != 0 && c.Ended.IsZero() && !c.Running(now)
}

// CheckupStore keeps checkups.
type CheckupStore interface {
	// BeginCheckup starts one, or gives the one under way: not lost before that moment.
	BeginCheckup(ctx context.Context, c Checkup, lost time.Time) (number int64, begun bool, err error)
	// StepCheckup saves how far one is.
	StepCheckup(ctx context.Context, c Checkup) error
	// LatestCheckup gives the newest; the zero value when there is none.
	LatestCheckup(ctx context.Context) (Checkup, error)
}

// Doctor runs checks in the background. It is safe for concurrent use. Make it with NewDoctor, and close it.
type Doctor struct {
	store  CheckupStore
	checks func() []Check
	now    func() time.Time
	log    *slog.Logger

	ctx  context.Context // of the work in the background
	stop context.CancelFunc
	work sync.WaitGroup
}

// NewDoctor makes one. checks lists what is checked by the settings in force.
func NewDoctor(store CheckupStore, checks func() []Check, now func() time.Time, log *slog.Logger) *Doctor {
	d := &Doctor{store: store, checks: checks, now: now, log: log}
	d.ctx, d.stop = context.WithCancel(context.Background())
	return d
}

// Close ends what runs and waits for it.
func (d *Doctor) Close() {
	d.stop()
	d.work.Wait()
}

var errClosing = fault.New(fault.Unavailable, "This server is about to stop. Try again.")

// Start begins a checkup, unless one is under way.
func (d *Doctor) Start(ctx context.Context, by Author) error {
	if d.ctx.Err() != nil {
		return errClosing
	}
	checks, now := d.checks(), d.now()
	c := Checkup{By: by.Name, Began: now, Touched: now, Of: len(checks), Next: checks[0].Name}
	number, begun, err := d.store.BeginCheckup(ctx, c, now.Add(-LostAfter))
	if err != nil || !begun {
		return err
	}
	c.Number = number
	d.work.Go(func() { d.run(c, checks) })
	return nil
}

func (d *Doctor) run(c Checkup, checks []Check) {
	for i, check := range checks {
		ctx, cancel := context.WithTimeout(d.ctx, checkFor)
		c.Found = append(c.Found, check.Run(ctx)...)
		cancel()
		if d.ctx.Err() != nil {
			return // what was found says no more than that we stop
		}
		c.Done, c.Next, c.Touched = i+1, "", d.now()
		if c.Done == c.Of {
			c.Ended = c.Touched
		} else {
			c.Next = checks[i+1].Name
		}
		if err := d.store.StepCheckup(d.ctx, c); err != nil {
			d.log.Error("a checkup is not written down", "error", err)
			return
		}
	}
}

// Latest gives the newest checkup; the zero value when there was none.
func (d *Doctor) Latest(ctx context.Context) (Checkup, error) { return d.store.LatestCheckup(ctx) }
