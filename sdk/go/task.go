package tss

import (
	"context"
	"log/slog"
)

// Task is one attempt, as its handler sees it.
type Task[In any] struct {
	*Run
	Input In
}

// Run is an attempt apart from its input.
type Run struct {
	ID     string
	Name   string
	Queue  string
	Type   string
	Labels map[string]string
	// Attempt is 1, 2, 3 … of at most MaxAttempts.
	Attempt     int
	MaxAttempts int
	// FencingToken rises with every attempt of a task: hand it to stores that refuse older ones.
	FencingToken int64
	// Locks it holds while it runs, by name: fencing token of each. What it writes to should refuse lower ones.
	Locks map[string]int64
	// Traceparent of the submit; empty when there is none.
	Traceparent string
	attempt     *attempt
}

// Progress says how far it is, 0–100, with a word on what is done now. Sent at most ten times a second; also a heartbeat.
func (r *Run) Progress(percent float64, message string) { r.attempt.say().progress(percent, message) }

// Message leaves a line for people; the newest 100 of an attempt are kept. Also a heartbeat.
func (r *Run) Message(text string) { r.attempt.say().message(text) }

// Heartbeat shows that the handler is alive, for tasks with a heartbeat timeout.
func (r *Run) Heartbeat() { r.attempt.say().heartbeat() }

// Logger is the client's, with the task's id and attempt.
func (r *Run) Logger() *slog.Logger {
	return r.attempt.floor.logger.With("task_id", r.ID, "task_type", r.Type, "attempt", r.Attempt)
}

type runKey struct{}

// RunOf is the attempt that a handler's context belongs to; nil elsewhere.
func RunOf(ctx context.Context) *Run {
	run, _ := ctx.Value(runKey{}).(*Run)
	return run
}
