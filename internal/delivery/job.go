package delivery

// Job is one message waiting to be delivered, as kept by the job queue. The message is sealed, since it may hold a code.
type Job struct {
	ID     string `json:"id" river:"unique"` // message.Message.ID: delivered once
	Sealed []byte `json:"sealed"`            // message.Message as JSON, sealed with purpose "outbox" and the ID
}

// Kind names the job in the queue.
func (Job) Kind() string { return "deliver" }
