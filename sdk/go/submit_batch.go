package tss

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc/codes"

	"github.com/tss/tss/sdk/go/tsspb"
)

type submitted struct {
	id        string
	duplicate bool
	err       error
}

// submitBatch is one call of Submit or SubmitMany: it is done when each of its tasks has its result.
type submitBatch struct {
	results []submitted
	left    atomic.Int64
	done    chan struct{}
}

func newSubmitBatch(count int) *submitBatch {
	batch := &submitBatch{results: make([]submitted, count), done: make(chan struct{})}
	batch.left.Store(int64(count))
	if count == 0 {
		close(batch.done)
	}
	return batch
}

func (b *submitBatch) settle(place int, result submitted) {
	b.results[place] = result
	if b.left.Add(-1) == 0 {
		close(b.done)
	}
}

// entryBytes is at most what a message takes for a task beside the task itself.
const entryBytes = 8

// submitEntry is a task on its way.
type submitEntry struct {
	spec  *tsspb.TaskSpec
	bytes int
	batch *submitBatch
	place int
	// sent: it has left in a message.
	sent atomic.Bool
	// over: it has its result. Who sets it writes the result.
	over atomic.Bool
}

// settle gives the entry its result; later ones are dropped.
func (e *submitEntry) settle(result submitted) {
	if e.over.CompareAndSwap(false, true) {
		e.batch.settle(e.place, result)
	}
}

// abandon ends the wait of a caller whose context has ended.
func (e *submitEntry) abandon(ctx context.Context, trouble *Error) {
	if e.over.CompareAndSwap(false, true) {
		e.batch.settle(e.place, submitted{err: lateError(ctx, trouble, e.sent.Load())})
	}
}

func lateError(ctx context.Context, trouble *Error, sent bool) *Error {
	made := &Error{Code: codes.Canceled, cause: ctx.Err()}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		made.Code = codes.DeadlineExceeded
	}
	why := context.Cause(ctx).Error()
	if trouble != nil {
		made.Code, made.Reason, made.cause = trouble.Code, trouble.Reason, errors.Join(ctx.Err(), trouble)
		why = trouble.Message
	}
	why = strings.TrimSuffix(why, ".")
	if sent {
		made.Message = fmt.Sprintf("The task was not confirmed in time (%s); it may have been accepted. With an idempotency key it can be submitted again safely.", why)
	} else {
		made.Message = fmt.Sprintf("The task was not sent in time (%s); it was not accepted.", why)
	}
	return made
}
