package tss

import (
	"context"
	"errors"
	"time"
)

// idlePause lies between two streams that ended without anything new while the task goes on.
const idlePause = 200 * time.Millisecond

// logFollower knows where a reader stands: every byte of earlier attempts and of this one before offset has been given.
type logFollower struct {
	handle   *TaskHandle
	patience *patience
	give     func(LogPiece) bool
	attempt  int
	offset   int64
}

func (f *logFollower) follow(ctx context.Context) error {
	asked := 0 // the newest attempt and those to come
	for {
		attempt, offset := f.attempt, f.offset
		err := f.tail(ctx, asked, true)
		if errors.Is(err, errStopped) {
			return err
		}
		// An attempt that left no output may not be known to the log any more; the task itself is asked next.
		if err != nil && (asked == 0 || !errors.Is(err, ErrNotFound)) {
			if again := f.patience.failed(ctx, err); again != nil {
				return again
			}
			asked = f.attempt
			continue
		}
		next, more, err := f.next(ctx, asked)
		if err != nil || !more {
			return err
		}
		asked = next
		if attempt == f.attempt && offset == f.offset && !sleep(ctx, idlePause) {
			return contextError(ctx, "The log of task "+f.handle.ID)
		}
	}
}

// next is the attempt to ask for when a stream has ended; more is false when everything has been given.
func (f *logFollower) next(ctx context.Context, asked int) (attempt int, more bool, err error) {
	for {
		task, err := f.handle.Get(ctx)
		if err != nil {
			if again := f.patience.failed(ctx, err); again != nil {
				return 0, false, again
			}
			continue
		}
		f.patience.answered()
		seen := max(f.attempt, asked)
		// Attempt leaves out runs that were given back; their output is kept under numbers of their own.
		newest := task.Attempt
		if count := len(task.Attempts); count > 0 {
			newest = max(newest, task.Attempts[count-1].Number)
		}
		switch {
		case newest > seen:
			f.attempt, f.offset = seen+1, 0
			return f.attempt, true, nil
		case task.Ended():
			return 0, false, nil
		case f.attempt == asked:
			return 0, true, nil
		default:
			return f.attempt, true, nil
		}
	}
}
