package tss

import "time"

// TaskSpec is what is asked for: exactly one of Command, Argv and Type, and options. Zero values are left to the
// coordinator; limits are in docs/limits.md.
type TaskSpec struct {
	// Command is a line for the agent's shell.
	Command string
	// Argv is a program and its arguments, run without a shell.
	Argv []string
	// Type is the name of a handler: 1–200 printable characters.
	Type string
	// Input of the handler; it goes through the client's PayloadCodec. Nil: no payload.
	Input any

	// Name is 1–200 printable characters; empty: the first line of the command, or the type.
	Name string
	// Queue is [a-z0-9][a-z0-9._-]{0,62}; empty: "default".
	Queue string
	// Priority is −128…127, higher first.
	Priority int
	// Delay: start no earlier than this long from now. Not together with RunAt.
	Delay time.Duration
	RunAt time.Time
	// Expires: fail if no attempt has started this long after the task became due.
	Expires time.Duration
	// Timeout is the longest run of one attempt.
	Timeout time.Duration
	// HeartbeatTimeout fails an attempt whose handler reports nothing for this long.
	HeartbeatTimeout time.Duration
	Retry            RetryPolicy
	// Labels are for people and lists, at most 32.
	Labels map[string]string
	// Selector holds labels that a worker must have.
	Selector map[string]string
	// Resources are what it takes from a worker while it runs (cpu, memory, …).
	Resources map[string]float64
	// Locks it holds while an attempt of it runs: at most 8. It waits until it has all. See Locks.
	Locks []LockNeed
	// IdempotencyKey: same key and same task within IdempotencyTTL (24 h) is the same task.
	IdempotencyKey string
	IdempotencyTTL time.Duration
	// FairnessKey: tasks of one queue and priority with different keys take turns.
	FairnessKey string
	// CancelGrace lies between the request to end and the end by force: 0 s – 1 h. Nil: 10 s. See Some.
	CancelGrace *time.Duration
	// OnAgentRestart is for a command whose agent was restarted while it ran: Adopt (it goes on) or Kill (it is ended and
	// the attempt lost). Empty: Adopt.
	OnAgentRestart AgentRestart
	// Traceparent of W3C Trace Context; empty: TRACEPARENT of the environment.
	Traceparent string
	// Env is the environment of a command.
	Env map[string]string
	// Secrets are those that a command gets in its environment: variable and name of the secret.
	Secrets map[string]string
	// Dir is the directory a command runs in; empty: the agent's choice.
	Dir string
	// User a command runs as, a name or number with ":GROUP" behind it if need be; the agent says who may be asked for.
	User string
	// Umask: permissions that files of a command are not given, in octal: "022".
	Umask string
	// Limits are what a command may take at most: memory, pids and cpus together; nofile, nproc, core, fsize, cpu_seconds,
	// as, data, stack and memlock each process. Sizes are bytes.
	Limits map[string]float64
}

// AgentRestart says what an agent that was restarted does with a command that it still finds running.
type AgentRestart string

// The values of AgentRestart.
const (
	Adopt AgentRestart = "adopt"
	Kill  AgentRestart = "kill"
)

// LockNeed is a lock that a task holds while an attempt of it runs.
type LockNeed struct {
	Name string
	// Permits is how many may hold the lock at a time: 1–10 000; zero: 1. Everybody who uses a name says the same.
	Permits int
}

// Locks are the locks of these names, with one permit each: Locks: tss.Locks("deploy").
func Locks(names ...string) []LockNeed {
	needs := make([]LockNeed, 0, len(names))
	for _, name := range names {
		needs = append(needs, LockNeed{Name: name})
	}
	return needs
}

// RetryPolicy says when a failed attempt is tried again. Nil and zero members: the coordinator's settings.
type RetryPolicy struct {
	// Limit is attempts after the first: 0–99. See Some.
	Limit *int
	// Interval before the second attempt: 0 s – 24 h.
	Interval *time.Duration
	// Fixed makes every pause Interval; else pause n is Interval × Factor^(n−1), at most MaxInterval.
	Fixed bool
	// Factor is 1–10; zero: 2.
	Factor float64
	// MaxInterval is up to 7 days; zero: 1 h.
	MaxInterval time.Duration
	// Jitter is the share of the pause drawn by chance, 0–1; nil: 0.1.
	Jitter *float64
	// ReleaseLimit is how often a run that had begun may be given back at no cost, because its agent had to go: 0–99; nil: 3.
	ReleaseLimit *int
	// NonRetryableExitCodes: after these no further attempt is made.
	NonRetryableExitCodes []int
}

// Some points to a value, for members whose zero means something: CancelGrace: tss.Some(time.Duration(0)).
func Some[T any](value T) *T { return &value }

// Retries is a policy of that many attempts after the first.
func Retries(limit int) RetryPolicy { return RetryPolicy{Limit: &limit} }
