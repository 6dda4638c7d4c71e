package tss

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/tss/tss/sdk/go/tsspb"
)

// Change is a task that changed, or word that changes were missed: read again what is needed.
type Change struct {
	// Task is nil in a Resync.
	Task   *TaskInfo
	Resync bool
}

// WatchFilter says which tasks are watched; zero: all.
type WatchFilter struct {
	Queue  string
	Status []Status
}

// Watch gives tasks as they change, from now on, until the context ends; a lost connection is taken up again. Any other
// error is the last thing given.
func (c *Client) Watch(ctx context.Context, filter WatchFilter) iter.Seq2[Change, error] {
	statuses, err := wireStatuses(filter.Status)
	if err != nil {
		return func(yield func(Change, error) bool) { yield(Change{}, err) }
	}
	return func(yield func(Change, error) bool) {
		for change, err := range c.watch(ctx, &tsspb.WatchTasksRequest{Queue: filter.Queue, Status: statuses}) {
			if err != nil && ctx.Err() != nil || !yield(change, err) {
				return
			}
		}
	}
}

// watch goes on after a lost connection until it is told to stop.
func (c *Client) watch(ctx context.Context, request *tsspb.WatchTasksRequest) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		patience := newPatience()
		for {
			more, err := c.watchOnce(ctx, request, patience, func(change Change) bool { return yield(change, nil) })
			if !more {
				return
			}
			if again := patience.failed(ctx, err); again != nil {
				yield(Change{}, again)
				return
			}
		}
	}
}

// watchOnce reads one stream; more is false when the reader wants nothing further.
func (c *Client) watchOnce(ctx context.Context, request *tsspb.WatchTasksRequest, patience *patience, give func(Change) bool) (more bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.tasks.WatchTasks(ctx, request)
	if err != nil {
		return true, err
	}
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return true, errEnded
		}
		if err != nil {
			return true, err
		}
		patience.answered()
		if request.Id == "" && message.GetCursor() != "" {
			request.Cursor = message.GetCursor()
		}
		if message.GetResync() && !give(Change{Resync: true}) {
			return false, nil
		}
		if message.GetTask() != nil && !give(Change{Task: taskInfo(message.GetTask())}) {
			return false, nil
		}
	}
}
