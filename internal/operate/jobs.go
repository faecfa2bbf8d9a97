package operate

import (
	"context"
	"slices"
	"strconv"
	"time"

	"rekey/internal/audit"
	"rekey/internal/fault"
)

// State says how far a job is.
type State string

// The states, as the list names them.
const (
	Waiting  State = "waiting"   // its time has not come, or nobody is free
	Failing  State = "failing"   // tried in vain, and to be tried again
	Running  State = "running"   // at this moment
	GivenUp  State = "given-up"  // after its last try, or because another try was of no use
	Finished State = "completed" // kept for a day
)

// States lists them.
func States() []State { return []State{GivenUp, Failing, Waiting, Running, Finished} }

// Kind says what a job is for.
type Kind string

// The kinds.
const (
	Deliver  Kind = "deliver"  // a message to a person
	SignOut  Kind = "sign-out" // ending what an account is signed in to in its directory
	Periodic Kind = "periodic" // work that is done every so often
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{Deliver, SignOut, Periodic} }

// Job is one piece of work in the queue.
type Job struct {
	ID     int64
	Kind   Kind
	State  State
	For    string // id of the message, the account or the name of the work; never what is in it
	Queued time.Time
	Next   time.Time // when it is tried next; zero: not again by itself
	Ended  time.Time // zero: it has not
	Tries  int
	Most   int // tries in all
	// Failures are the tries that went wrong, oldest first; a list has the last one alone.
	Failures []Failure
}

// Failure is one try in vain.
type Failure struct {
	At   time.Time
	Try  int
	Text string
}

// Error is what the last try said; empty: none failed.
func (j Job) Error() string {
	if n := len(j.Failures); n > 0 {
		return j.Failures[n-1].Text
	}
	return ""
}

// CanRetry reports whether Retry would do anything: the job waits for another try, or was given up.
func (j Job) CanRetry() bool { return j.State == GivenUp || j.State == Failing || j.State == Waiting }

// CanDrop reports whether Drop may take the job away.
func (j Job) CanDrop() bool { return j.CanRetry() }

// JobFilter narrows the list of jobs.
type JobFilter struct {
	States []State // none: all but the finished
	Kinds  []Kind  // none: all
	Text   string  // in the last error or in what the job is for
	Oldest bool    // the longest waiting first
	After  int64   // id that the page before ended with; 0: the first page
	Limit  int
}

// JobStore keeps the queue.
type JobStore interface {
	// Jobs lists jobs, by id.
	Jobs(ctx context.Context, f JobFilter) ([]Job, error)
	// JobCounts counts them by state.
	JobCounts(ctx context.Context) (map[State]int64, error)
	// Job gives one; a fault of kind NotFound where there is none.
	Job(ctx context.Context, id int64) (Job, error)
	// RetryJob makes a job due now, with one more try if it had none left. DropJob takes it away. Conflict: it runs, or is finished.
	RetryJob(ctx context.Context, id int64, at time.Time, ev audit.Event) error
	DropJob(ctx context.Context, id int64, ev audit.Event) error
}

// Jobs is the queue as operators see it. It is safe for concurrent use.
type Jobs struct {
	Store JobStore
	Now   func() time.Time
}

// List gives jobs by a filter, and whether there are more.
func (q *Jobs) List(ctx context.Context, f JobFilter) ([]Job, bool, error) {
	if len(f.States) == 0 {
		f.States = slices.DeleteFunc(States(), func(s State) bool { return s == Finished })
	}
	limit := f.Limit
	f.Limit++
	jobs, err := q.Store.Jobs(ctx, f)
	if err != nil || len(jobs) <= limit {
		return jobs, false, err
	}
	return jobs[:limit], true, nil
}

// Retry makes a job due now. Errors: a fault of kind NotFound; Conflict where it runs or is finished.
func (q *Jobs) Retry(ctx context.Context, by Author, id int64) error {
	return q.Store.RetryJob(ctx, id, q.Now(), by.event(audit.JobRetried, q.Now(), jobDetail(id, "")))
}

// Drop takes a job away for good. Errors: as Retry; Invalid on "reason".
func (q *Jobs) Drop(ctx context.Context, by Author, id int64, reason string) error {
	reason, err := checkReason(reason)
	if err != nil {
		return err
	}
	return q.Store.DropJob(ctx, id, by.event(audit.JobDropped, q.Now(), jobDetail(id, reason)))
}

func jobDetail(id int64, reason string) map[string]string {
	d := map[string]string{"job": strconv.FormatInt(id, 10)}
	if reason != "" {
		d["reason"] = reason
	}
	return d
}

// ErrBusy says that a job can be neither tried again nor dropped. Stores give it.
var ErrBusy = fault.New(fault.Conflict, "This job runs at the moment, or has finished. Look again.")

// ErrNoJob says that there is no such job. Stores give it.
var ErrNoJob = fault.New(fault.NotFound, "This job is not in the queue any more: it was done, or dropped.")
