package tss

import "time"

// TaskInfo is a task as it was when it was read. Times that did not come are zero.
type TaskInfo struct {
	ID       string
	Name     string
	Queue    string
	Priority int
	Status   Status
	// Reason lies behind the status, e.g. "retrying".
	Reason Reason
	// Type is the name of the handler; empty for commands.
	Type      string
	Labels    map[string]string
	CreatedAt time.Time
	// UpdatedAt is the newest of creation, event and end.
	UpdatedAt time.Time
	RunAt     time.Time
	StartedAt time.Time
	EndedAt   time.Time
	// NextAttemptAt is when a retrying task may start again.
	NextAttemptAt time.Time
	// Attempt counts the attempts so far, MaxAttempts those allowed in all.
	Attempt     int
	MaxAttempts int
	// Progress of the newest attempt; nil: it said nothing.
	Progress *Progress
	// ExitCode of a command; nil: there is none.
	ExitCode *int
	// Error is what the handler or command gave as its error; nil: nothing.
	Error *TaskError
	// Result as it was kept; see TaskHandle.Result.
	Result *Payload
	// Attempts and Messages, oldest first; lists leave them out.
	Attempts []AttemptInfo
	Messages []Message
	// RetryOf is the ended task this one was made from by retry; RetriedAs the newest one made from this.
	RetryOf           string
	RetriedAs         string
	CancelRequestedAt time.Time
	// SubmittedBy is the id of the API key.
	SubmittedBy string
}

// Ended says whether nothing happens to the task any more.
func (t *TaskInfo) Ended() bool {
	return t.Status == Succeeded || t.Status == Failed || t.Status == Cancelled
}

// Progress is how far an attempt says it is.
type Progress struct {
	// Percent is 0–100.
	Percent float64
	Message string
	At      time.Time
}

// TaskError is what a handler or command gave as its error.
type TaskError struct {
	// Type the handler named, e.g. "PathError".
	Type string
	// Message is one sentence for people.
	Message string
}

// Message is a line a task left for people while it ran.
type Message struct {
	At      time.Time
	Text    string
	Attempt int
}

// AttemptInfo is one try to run a task.
type AttemptInfo struct {
	// Number is 1, 2, 3 …
	Number     int
	Outcome    Outcome
	Reason     Reason
	WorkerName string
	// FencingToken rises with every lease of the task.
	FencingToken int64
	LeasedAt     time.Time
	StartedAt    time.Time
	EndedAt      time.Time
	ExitCode     *int
	// Signal that ended the command, e.g. "SIGKILL".
	Signal string
	Error  *TaskError
	// Survivors are processes that were still alive after SIGKILL.
	Survivors int
	// Locks it was given to hold: fencing tokens, by name.
	Locks map[string]int64
}
