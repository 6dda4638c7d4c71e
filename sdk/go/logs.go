package tss

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/tss/tss/sdk/go/tsspb"
)

// LogOptions say which output is read.
type LogOptions struct {
	// Follow gives all attempts from their first byte and goes on until the task has ended.
	Follow bool
	// Attempt to read without Follow; zero: the newest.
	Attempt int
}

// LogPiece is a piece of what an attempt wrote.
type LogPiece struct {
	Attempt int
	// Offset is the place of the first byte in the attempt's output, both streams counted together.
	Offset int64
	// Stderr: it was written to standard error.
	Stderr bool
	Data   []byte
	// Elided are bytes before Data that were not kept.
	Elided int64
}

// Logs gives what the task wrote. A lost connection is taken up at the byte where it broke: no byte comes twice, and
// none is left out that is kept. An error is the last thing given.
func (h *TaskHandle) Logs(ctx context.Context, options LogOptions) iter.Seq2[LogPiece, error] {
	return func(yield func(LogPiece, error) bool) {
		follower := &logFollower{handle: h, patience: newPatience(), give: func(piece LogPiece) bool { return yield(piece, nil) }}
		var err error
		if options.Follow {
			err = follower.follow(ctx)
		} else {
			err = follower.tail(ctx, options.Attempt, false)
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(LogPiece{}, err)
		}
	}
}

// errStopped: whoever reads wants nothing further.
var errStopped = errors.New("the reader has stopped")

// tail reads one stream from where the reader stands.
func (f *logFollower) tail(ctx context.Context, attempt int, follow bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	request := &tsspb.TailLogsRequest{Id: f.handle.ID, Attempt: uint32(attempt), Follow: follow}
	if attempt != 0 {
		request.Offset = f.offset
	}
	stream, err := f.handle.client.tasks.TailLogs(ctx, request)
	if err != nil {
		return err
	}
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		f.patience.answered()
		// Attempts in between have output that is read first.
		if follow && attempt == 0 && int(message.GetAttempt()) > f.attempt+1 {
			return nil
		}
		if piece, fresh := f.unseen(message); fresh && !f.give(piece) {
			return errStopped
		}
	}
}

// unseen is the part of a message that lies behind the reader's place, which moves on.
func (f *logFollower) unseen(message *tsspb.TailLogsResponse) (LogPiece, bool) {
	attempt, offset, data := int(message.GetAttempt()), message.GetOffset(), message.GetData()
	if attempt < f.attempt {
		return LogPiece{}, false
	}
	if attempt > f.attempt {
		f.attempt, f.offset = attempt, 0
	}
	skip := max(0, f.offset-offset)
	elided := message.GetElidedBytes()
	if skip > 0 {
		elided = 0
	}
	if skip >= int64(len(data)) && elided == 0 {
		return LogPiece{}, false
	}
	f.offset = max(f.offset, offset+int64(len(data)))
	stderr := message.GetStream() == tsspb.LogStream_LOG_STREAM_STDERR
	return LogPiece{attempt, offset + skip, stderr, data[skip:], elided}, true
}
