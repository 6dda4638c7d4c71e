package main

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	tss "github.com/tss/tss/sdk/go"
)

type orders struct {
	Steps [][]any `json:"steps"`
	Value any     `json:"value"`
}

// over: the handler ends; its result is with it.
type over struct{ result any }

func (over) Error() string { return "the handler is over" }

var causes = map[error]string{
	tss.ErrAborted: "aborted", tss.ErrTimedOut: "timed_out", tss.ErrSilent: "heartbeat", tss.ErrLockLost: "lock_lost", tss.ErrDrained: "drained", tss.ErrLost: "lost",
}

// conformance is the handler that obeys its input.
func (p *program) conformance(worker string) func(context.Context, *tss.Task[orders]) (any, error) {
	return func(ctx context.Context, task *tss.Task[orders]) (any, error) {
		event := func(name string, more object) {
			line := object{"event": name, "worker": worker, "task": task.ID, "attempt": task.Attempt}
			for key, value := range more {
				line[key] = value
			}
			p.say(line)
		}
		begin := object{"fencingToken": task.FencingToken}
		putLocks(begin, task.Locks)
		event("begin", begin)
		defer event("end", nil)
		deaf := context.AfterFunc(ctx, func() { event("stop", object{"cause": causes[context.Cause(ctx)]}) })
		defer deaf()
		for _, step := range task.Input.Steps {
			err := p.step(ctx, task, step)
			var end over
			if errors.As(err, &end) {
				return end.result, nil
			}
			if err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
}

func (p *program) step(ctx context.Context, task *tss.Task[orders], step []any) error {
	text := func(at int) string { return step[at].(string) }
	number := func(at int) float64 { return step[at].(float64) }
	switch step[0] {
	case "return":
		if len(step) > 1 {
			return over{step[1]}
		}
		return over{task.Input.Value}
	case "returnRepeat":
		return over{strings.Repeat(text(1), int(number(2)))}
	case "returnBase64":
		data, err := base64.StdEncoding.DecodeString(text(1))
		if err != nil {
			return err
		}
		return over{data}
	case "unencodable":
		return over{make(chan int)}
	case "describe":
		return over{describe(ctx, task)}
	case "progress":
		task.Progress(number(1), text(2))
	case "message":
		task.Message(text(1))
	case "heartbeat":
		task.Heartbeat()
	case "sleep": // Work that takes its time and hears nothing meanwhile: a step that scenarios ask for.
		time.Sleep(milliseconds(number(1)))
	case "await":
		select {
		case <-p.gates.of(task.ID):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	case "deaf":
		<-p.gates.of(task.ID)
	case "awaitStop":
		<-ctx.Done()
	case "obey":
		return context.Cause(ctx)
	case "fail":
		return errors.New(text(1))
	case "fatal":
		return tss.Fatal(errors.New(text(1)))
	case "retryLater":
		return tss.RetryLater(milliseconds(number(1)), errors.New(text(2)))
	case "before":
		if task.Attempt < int(number(1)) {
			return p.step(ctx, task, step[2].([]any))
		}
	default:
		return tss.Fatalf("the handler does not know the step %v", step[0])
	}
	return nil
}

func describe(ctx context.Context, task *tss.Task[orders]) object {
	_, hasDeadline := ctx.Deadline()
	return object{
		"id": task.ID, "name": task.Name, "queue": task.Queue, "labels": task.Labels, "attempt": task.Attempt,
		"maxAttempts": task.MaxAttempts, "fencingToken": task.FencingToken, "hasDeadline": hasDeadline,
	}
}
