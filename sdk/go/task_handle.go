package tss

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/tss/tss/sdk/go/tsspb"
)

// TaskHandle is a task by its id. Calls about it outlive a coordinator that is away for up to 5 minutes.
type TaskHandle struct {
	ID string
	// Duplicate: the submit found a task of its idempotency key.
	Duplicate bool
	client    *Client
}

// TaskFailedError is a task whose result was asked for and that has ended without one.
type TaskFailedError struct{ Task *TaskInfo }

func (e *TaskFailedError) Error() string {
	why := ""
	if e.Task.Reason != "" {
		why = fmt.Sprintf(" (%s)", e.Task.Reason)
	}
	end := "."
	if e.Task.Error != nil {
		end = ": " + e.Task.Error.Message
	}
	return fmt.Sprintf("Task %s %q %s%s%s", e.Task.ID, e.Task.Name, e.Task.Status, why, end)
}

// Task makes a handle of an id; nothing is asked yet.
func (c *Client) Task(id string) *TaskHandle { return &TaskHandle{ID: id, client: c} }

// Get reads the task with its attempts, messages and result.
func (h *TaskHandle) Get(ctx context.Context) (*TaskInfo, error) {
	answer, err := h.client.tasks.GetTask(ctx, &tsspb.GetTaskRequest{Id: h.ID})
	if err != nil {
		return nil, err
	}
	return taskInfo(answer.GetTask()), nil
}

// Wait returns the ended task. When the context ends first, the error is an *Error of kind ErrDeadline or ErrCanceled.
func (h *TaskHandle) Wait(ctx context.Context) (*TaskInfo, error) {
	patience := newPatience()
	for {
		answer, err := h.waitOnce(ctx)
		if err == nil && answer.GetEnded() {
			return taskInfo(answer.GetTask()), nil
		}
		if err == nil {
			patience.answered()
		} else if again := patience.failed(ctx, err); again != nil {
			return nil, again
		}
	}
}

func (h *TaskHandle) waitOnce(ctx context.Context) (*tsspb.WaitTaskResponse, error) {
	most, leave, ok := h.client.turns.take(ctx)
	if !ok {
		return nil, contextError(ctx, "The wait for task "+h.ID)
	}
	defer leave()
	limited, cancel := context.WithTimeout(ctx, most+10*time.Second)
	defer cancel()
	answer, err := h.client.tasks.WaitTask(limited, &tsspb.WaitTaskRequest{Id: h.ID, Timeout: durationpb.New(most)})
	if err != nil && ctx.Err() != nil {
		return nil, contextError(ctx, "The wait for task "+h.ID)
	}
	return answer, err
}

// Result waits for the end and reads what the handler gave back into the variable that into points to. A task that
// failed or was cancelled gives a *TaskFailedError.
func (h *TaskHandle) Result(ctx context.Context, into any) error {
	task, err := h.Wait(ctx)
	if err != nil {
		return err
	}
	if task.Status != Succeeded {
		return &TaskFailedError{task}
	}
	return h.client.payload.Decode(task.Result, into)
}

// Cancel asks for the end; a running handler or command is told at once. Ended tasks stay as they are.
func (h *TaskHandle) Cancel(ctx context.Context) (*TaskInfo, error) {
	tasks, err := h.client.Cancel(ctx, h.ID)
	if err != nil {
		return nil, only(err)
	}
	return tasks[0], nil
}

// Retry makes a new task of an ended one.
func (h *TaskHandle) Retry(ctx context.Context) (*TaskHandle, error) {
	handles, err := h.client.Retry(ctx, h.ID)
	if err != nil {
		return nil, only(err)
	}
	return handles[0], nil
}

// Watch gives the task as it is, and again whenever it has changed; it ends with the task's end. An error ends it too.
func (h *TaskHandle) Watch(ctx context.Context) iter.Seq2[*TaskInfo, error] {
	return func(yield func(*TaskInfo, error) bool) {
		for change, err := range h.client.watch(ctx, &tsspb.WatchTasksRequest{Id: h.ID}) {
			if err != nil {
				yield(nil, err)
				return
			}
			if change.Task != nil && (!yield(change.Task, nil) || change.Task.Ended()) {
				return
			}
		}
	}
}

// only is the one error of a list of one.
func only(err error) error {
	var batch *BatchError
	if errors.As(err, &batch) && len(batch.Failed) == 1 {
		for _, one := range batch.Failed {
			return one
		}
	}
	return err
}

func newRequestID() string { return rand.Text() }

func unanswered() *Error {
	return &Error{Code: codes.Internal, Message: "The coordinator's answer has no result for this task."}
}
