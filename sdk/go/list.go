package tss

import (
	"context"
	"iter"
	"time"

	"github.com/tss/tss/sdk/go/tsspb"
)

// TaskFilter says which tasks are listed; zero: all. Every member that is given must hold.
type TaskFilter struct {
	// Status: any of these.
	Status []Status
	Queue  string
	// Name is the exact name.
	Name string
	// Type is the name of a handler.
	Type string
	// Labels are "name=value", or "name" alone; at most 8.
	Labels        []string
	CreatedAfter  time.Time
	CreatedBefore time.Time
	// PageSize is 1–500 tasks a call; zero: 50.
	PageSize int
}

// List gives tasks newest first, without attempts and messages; pages are read as they are needed. An error is the last
// thing given.
func (c *Client) List(ctx context.Context, filter TaskFilter) iter.Seq2[*TaskInfo, error] {
	return func(yield func(*TaskInfo, error) bool) {
		statuses, err := wireStatuses(filter.Status)
		if err != nil {
			yield(nil, err)
			return
		}
		request := &tsspb.ListTasksRequest{
			Status:        statuses,
			Queue:         filter.Queue,
			Name:          filter.Name,
			Type:          filter.Type,
			Label:         filter.Labels,
			Limit:         uint32(max(filter.PageSize, 0)),
			CreatedAfter:  wireTime(filter.CreatedAfter),
			CreatedBefore: wireTime(filter.CreatedBefore),
		}
		for {
			page, err := c.tasks.ListTasks(ctx, request)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, task := range page.GetTasks() {
				if !yield(taskInfo(task), nil) {
					return
				}
			}
			if request.Cursor = page.GetNextCursor(); request.Cursor == "" {
				return
			}
		}
	}
}
