package tss

import (
	"context"

	"github.com/tss/tss/sdk/go/tsspb"
)

// Cancel asks for the end of tasks and gives them as they are then, in the order of the ids. Where some fail, their
// places are nil and the error is a *BatchError.
func (c *Client) Cancel(ctx context.Context, ids ...string) ([]*TaskInfo, error) {
	tasks := make([]*TaskInfo, len(ids))
	failed := &BatchError{Of: len(ids)}
	for from := 0; from < len(ids); from += tasksPerMessage {
		part := ids[from:min(from+tasksPerMessage, len(ids))]
		answer, err := c.tasks.CancelTasks(ctx, &tsspb.CancelTasksRequest{Ids: part})
		if err != nil {
			return tasks, err
		}
		for at := range part {
			var result *tsspb.CancelResult
			if at < len(answer.GetResults()) {
				result = answer.GetResults()[at]
			}
			switch {
			case result.GetTask() != nil:
				tasks[from+at] = taskInfo(result.GetTask())
			case result.GetError() != nil:
				failed.add(from+at, itemError(result.GetError()))
			default:
				failed.add(from+at, unanswered())
			}
		}
	}
	return tasks, failed.orNil()
}

// Retry makes new tasks of ended ones, in the order of the ids. Where some fail, their places are nil and the error is a
// *BatchError.
func (c *Client) Retry(ctx context.Context, ids ...string) ([]*TaskHandle, error) {
	handles := make([]*TaskHandle, len(ids))
	failed := &BatchError{Of: len(ids)}
	for from := 0; from < len(ids); from += tasksPerMessage {
		part := ids[from:min(from+tasksPerMessage, len(ids))]
		answer, err := c.retryPart(ctx, part)
		if err != nil {
			return handles, err
		}
		for at := range part {
			var result *tsspb.RetryResult
			if at < len(answer.GetResults()) {
				result = answer.GetResults()[at]
			}
			switch {
			case result.GetTask() != nil:
				handles[from+at] = c.Task(result.GetTask().GetId())
			case result.GetError() != nil:
				failed.add(from+at, itemError(result.GetError()))
			default:
				failed.add(from+at, unanswered())
			}
		}
	}
	return handles, failed.orNil()
}

// retryPart sends a message until it is answered, always with the same id.
func (c *Client) retryPart(ctx context.Context, ids []string) (*tsspb.RetryTasksResponse, error) {
	request := &tsspb.RetryTasksRequest{Ids: ids, RequestId: newRequestID()}
	patience := newPatience()
	for {
		answer, err := c.tasks.RetryTasks(ctx, request)
		if err == nil {
			return answer, nil
		}
		if again := patience.failed(ctx, err); again != nil {
			return nil, again
		}
	}
}
