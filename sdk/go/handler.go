package tss

import (
	"context"

	"github.com/tss/tss/sdk/go/tsspb"
)

// handler runs an attempt: payload in, payload out. Errors of the payloads are told apart by their types.
type handler func(ctx context.Context, run *Run, input *Payload) (*tsspb.Payload, error)

// badInput: what this worker cannot read stays unreadable, no further attempt helps.
type badInput struct{ error }

func (e *badInput) Error() string { return "The input cannot be decoded: " + e.error.Error() }

func (e *badInput) Unwrap() error { return e.error }

// badResult: the result cannot be carried.
type badResult struct{ error }

func (e *badResult) Unwrap() error { return e.error }

// Handle gives the worker what runs tasks of a type, before Run. What the function returns is the result; its error
// fails the attempt, which the retry policy may try again: see Fatal and RetryLater. A panic fails the attempt too. The
// context ends when the work is no longer wanted; its cause says why (ErrAborted, ErrTimedOut …). A function that does
// not return then is reported as stopped after the task's grace, and keeps its slot until it does.
func Handle[In, Out any](worker *Worker, taskType string, run func(context.Context, *Task[In]) (Out, error)) {
	codec := worker.client.payload
	worker.add(taskType, func(ctx context.Context, about *Run, input *Payload) (*tsspb.Payload, error) {
		task := &Task[In]{Run: about}
		if err := codec.Decode(input, &task.Input); err != nil {
			return nil, &badInput{err}
		}
		result, err := run(ctx, task)
		if err != nil {
			return nil, err
		}
		if _, none := any(result).(None); none || any(result) == nil {
			return nil, nil
		}
		payload, err := codec.Encode(result)
		if err != nil {
			return nil, &badResult{err}
		}
		return payload.wire(), nil
	})
}
