package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"

	tss "github.com/tss/tss/sdk/go"
)

// taskJSON is a task as the runner asks for it.
type taskJSON struct {
	Type               string
	Input              json.RawMessage
	InputBase64        *string
	Name               string
	Queue              string
	Priority           int
	Labels             map[string]string
	Retry              retryJSON
	DelayMs            float64
	TimeoutMs          float64
	HeartbeatTimeoutMs float64
	CancelGraceMs      *float64
	IdempotencyKey     string
	Locks              []lockJSON
}

// lockJSON is the name of a lock, or an object with its permits.
type lockJSON tss.LockNeed

func (l *lockJSON) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		return json.Unmarshal(text, &l.Name)
	}
	return json.Unmarshal(text, (*tss.LockNeed)(l))
}

type retryJSON struct {
	Limit      *int
	IntervalMs *float64
	Backoff    string
}

func (t *taskJSON) spec() tss.TaskSpec {
	spec := tss.TaskSpec{
		Type: t.Type, Name: t.Name, Queue: t.Queue, Priority: t.Priority, Labels: t.Labels, IdempotencyKey: t.IdempotencyKey,
		Delay: milliseconds(t.DelayMs), Timeout: milliseconds(t.TimeoutMs), HeartbeatTimeout: milliseconds(t.HeartbeatTimeoutMs),
		Retry: tss.RetryPolicy{Limit: t.Retry.Limit, Fixed: t.Retry.Backoff == "fixed"},
	}
	if t.Input != nil {
		spec.Input = t.Input
	}
	for _, need := range t.Locks {
		spec.Locks = append(spec.Locks, tss.LockNeed(need))
	}
	if t.InputBase64 != nil {
		data, _ := base64.StdEncoding.DecodeString(*t.InputBase64)
		spec.Input = data
	}
	if t.CancelGraceMs != nil {
		spec.CancelGrace = tss.Some(milliseconds(*t.CancelGraceMs))
	}
	if t.Retry.IntervalMs != nil {
		spec.Retry.Interval = tss.Some(milliseconds(*t.Retry.IntervalMs))
	}
	return spec
}

func milliseconds(count float64) time.Duration {
	return time.Duration(count * float64(time.Millisecond))
}

func shown(info *tss.TaskInfo, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return showTask(info), nil
}

// showTask leaves out what is not there.
func showTask(info *tss.TaskInfo) object {
	task := object{
		"id": info.ID, "name": info.Name, "queue": info.Queue, "status": info.Status, "type": info.Type, "labels": info.Labels,
		"attempt": info.Attempt, "maxAttempts": info.MaxAttempts,
	}
	put(task, "reason", string(info.Reason))
	put(task, "retryOf", info.RetryOf)
	if info.Progress != nil {
		task["progress"] = object{"percent": info.Progress.Percent, "message": info.Progress.Message}
	}
	putError(task, info.Error)
	attempts, messages := []object{}, []string{}
	for _, attempt := range info.Attempts {
		one := object{"number": attempt.Number}
		put(one, "outcome", string(attempt.Outcome))
		put(one, "reason", string(attempt.Reason))
		putError(one, attempt.Error)
		putLocks(one, attempt.Locks)
		attempts = append(attempts, one)
	}
	for _, message := range info.Messages {
		messages = append(messages, message.Text)
	}
	task["attempts"], task["messages"] = attempts, messages
	return task
}

func put(into object, name, text string) {
	if text != "" {
		into[name] = text
	}
}

func putLocks(into object, tokens map[string]int64) {
	var locks []object
	for _, name := range slices.Sorted(maps.Keys(tokens)) {
		locks = append(locks, object{"name": name, "token": tokens[name]})
	}
	if locks != nil {
		into["locks"] = locks
	}
}

func putError(into object, err *tss.TaskError) {
	if err != nil {
		into["error"] = object{"type": err.Type, "message": err.Message}
	}
}

func describeError(err error) object {
	var refused *tss.Error
	var failed *tss.TaskFailedError
	switch {
	case errors.As(err, &failed):
		return object{"code": "TASK_FAILED", "message": err.Error(), "task": showTask(failed.Task)}
	case errors.As(err, &refused):
		made := object{"code": code.Code_name[int32(refused.Code)], "message": refused.Message}
		put(made, "reason", refused.Reason)
		return made
	}
	return object{"code": "PROGRAM", "message": err.Error()}
}
