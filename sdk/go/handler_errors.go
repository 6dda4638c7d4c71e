package tss

import (
	"errors"
	"fmt"
	"time"
)

// Causes of the end of a handler's context, for errors.Is(context.Cause(ctx), …).
var (
	// ErrAborted: the task was cancelled.
	ErrAborted = errors.New("the task was cancelled")
	// ErrTimedOut: the attempt ran longer than its timeout.
	ErrTimedOut = errors.New("the attempt ran longer than its timeout")
	// ErrSilent: the attempt gave no sign of life within its heartbeat timeout.
	ErrSilent = errors.New("the attempt gave no sign of life within its heartbeat timeout")
	// ErrLockLost: a lock that the attempt held is not its own any more.
	ErrLockLost = errors.New("a lock that the attempt held was taken away or could not be renewed in time")
	// ErrDrained: the worker was shut down.
	ErrDrained = errors.New("the worker was shut down")
	// ErrLost: nobody waits for the attempt any more, it runs elsewhere.
	ErrLost = errors.New("the worker had no contact with the coordinator for the term of its lease")
)

// fatalError ends a task.
type fatalError struct{ error }

func (e *fatalError) Unwrap() error { return e.error }

// Fatal makes an error that fails the task without a further attempt.
func Fatal(err error) error { return &fatalError{err} }

// Fatalf is Fatal of fmt.Errorf.
func Fatalf(format string, details ...any) error { return Fatal(fmt.Errorf(format, details...)) }

// retryLaterError names the pause.
type retryLaterError struct {
	error
	after time.Duration
}

func (e *retryLaterError) Unwrap() error { return e.error }

// RetryLater makes an error that fails the attempt, while attempts remain, and starts the next one after this long
// instead of the policy's pause.
func RetryLater(after time.Duration, err error) error { return &retryLaterError{err, after} }
