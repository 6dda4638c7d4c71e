package tss

import (
	"context"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/tss/tss/sdk/go/tsspb"
)

const (
	// submitWindow is messages without an answer; behind that many, tasks gather into fuller ones.
	submitWindow = 8
	// submitPause lies before a new stream after a failure: doubled each time up to longestPause, jittered.
	submitPause = 50 * time.Millisecond
	// submitIdle ends a stream that has nothing to say.
	submitIdle = 200 * time.Millisecond
)

// submitCarrier is the goroutine between the buffer and the coordinator. Only run may touch its state below the line.
type submitCarrier struct {
	tasks   tsspb.TaskServiceClient
	buffer  *submitBuffer
	bell    chan struct{}
	answers chan submitAnswer
	// life ends when nobody waits for an answer any more, with all its streams; over is closed then.
	life context.Context
	end  context.CancelFunc
	over chan struct{}
	// trouble is why the last stream or message failed; nil since an answer came.
	trouble atomic.Pointer[Error]

	// ---
	stream   *submitStream
	sequence uint32
	sent     map[uint32]*submitMessage
	// queued is to be sent again, oldest first.
	queued []*submitMessage
	pause  time.Duration
	// held fires when sending may go on; nil: it may.
	held <-chan time.Time
	idle <-chan time.Time
}

// submitStream is one stream and the way to end it.
type submitStream struct {
	tsspb.TaskService_SubmitStreamClient
	cancel context.CancelFunc
}

// submitAnswer is what a stream said, or the error that ended it.
type submitAnswer struct {
	stream   *submitStream
	response *tsspb.SubmitStreamResponse
	err      error
}

func newSubmitCarrier(tasks tsspb.TaskServiceClient, buffer *submitBuffer) *submitCarrier {
	life, end := context.WithCancel(context.Background())
	return &submitCarrier{
		tasks: tasks, buffer: buffer, pause: submitPause, life: life, end: end,
		bell:    make(chan struct{}, 1),
		answers: make(chan submitAnswer, submitWindow+1),
		over:    make(chan struct{}),
		sent:    map[uint32]*submitMessage{},
	}
}

// wake tells it of new tasks in the buffer.
func (c *submitCarrier) wake() {
	select {
	case c.bell <- struct{}{}:
	default:
	}
}

func (c *submitCarrier) run() {
	defer close(c.over)
	for {
		select {
		case <-c.bell:
			// Who submits at this moment travels along.
			runtime.Gosched()
		case answer := <-c.answers:
			c.take(answer)
		case <-c.held:
			c.held = nil
		case <-c.idle:
			c.rest()
		case <-c.life.Done():
			return
		}
		c.send()
	}
}

func (c *submitCarrier) send() {
	for c.held == nil && len(c.sent) < submitWindow {
		message := c.next()
		if message == nil {
			break
		}
		if c.stream == nil {
			if err := c.open(); err != nil {
				c.queued = slices.Insert(c.queued, 0, message)
				c.lost(err)
				continue
			}
		}
		c.sequence++
		c.sent[c.sequence] = message
		// A broken stream is told by its reader.
		_ = c.stream.Send(&tsspb.SubmitStreamRequest{Sequence: c.sequence, Request: message.request()})
	}
	c.idle = nil
	if c.stream != nil && len(c.sent) == 0 && len(c.queued) == 0 {
		c.idle = time.After(submitIdle)
	}
}

// next is the message to send; nil: there is nothing.
func (c *submitCarrier) next() *submitMessage {
	for len(c.queued) > 0 {
		message := c.queued[0]
		if c.queued = c.queued[1:]; message.isWanted() {
			return message
		}
	}
	for {
		if entries := c.buffer.take(); len(entries) > 0 {
			return &submitMessage{newRequestID(), entries}
		}
		if c.buffer.isEmpty() {
			return nil
		}
	}
}

func (c *submitCarrier) open() error {
	ctx, cancel := context.WithCancel(c.life)
	stream, err := c.tasks.SubmitStream(ctx)
	if err != nil {
		cancel()
		return err
	}
	c.stream, c.sequence = &submitStream{stream, cancel}, 0
	go c.read(ctx, c.stream)
	return nil
}

func (c *submitCarrier) read(ctx context.Context, stream *submitStream) {
	defer stream.cancel()
	for {
		response, err := stream.Recv()
		select {
		case c.answers <- submitAnswer{stream, response, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func (c *submitCarrier) take(answer submitAnswer) {
	if answer.stream != c.stream {
		return
	}
	if answer.err != nil {
		c.lost(answer.err)
		return
	}
	message := c.sent[answer.response.GetSequence()]
	if message == nil {
		return
	}
	delete(c.sent, answer.response.GetSequence())
	switch {
	case answer.response.GetResponse() != nil:
		c.pause = submitPause
		c.trouble.Store(nil)
		message.answer(answer.response.GetResponse())
	case answer.response.GetError() == nil:
		message.refuse(unanswered())
	default:
		if err := itemError(answer.response.GetError()); isSubmitTransient(err) {
			c.again([]*submitMessage{message}, err)
		} else {
			message.refuse(err)
		}
	}
}

// lost takes back what the stream had not answered.
func (c *submitCarrier) lost(failure error) {
	err := asError(failure)
	var unanswered []*submitMessage
	for _, sequence := range sortedKeys(c.sent) {
		unanswered = append(unanswered, c.sent[sequence])
	}
	clear(c.sent)
	if c.stream != nil {
		c.stream.cancel()
		c.stream = nil
	}
	if isSubmitTransient(err) {
		c.again(unanswered, err)
		return
	}
	for _, message := range append(unanswered, c.queued...) {
		message.refuse(err)
	}
	c.queued = nil
	for entries := c.buffer.take(); len(entries) > 0; entries = c.buffer.take() {
		(&submitMessage{entries: entries}).refuse(err)
	}
}

// again sends messages in front of the others, after a pause: the coordinator's, or a growing one.
func (c *submitCarrier) again(messages []*submitMessage, err *Error) {
	c.trouble.Store(err)
	c.queued = slices.Insert(c.queued, 0, messages...)
	if c.held != nil {
		return
	}
	c.held = time.After(max(jitter(c.pause), err.RetryAfter+jitter(err.RetryAfter/4)))
	c.pause = min(2*c.pause, longestPause)
}

// rest ends a stream that has nothing to say.
func (c *submitCarrier) rest() {
	if c.stream == nil {
		return
	}
	_ = c.stream.CloseSend()
	c.stream, c.idle = nil, nil
}

// isSubmitTransient: sending again can mend it.
func isSubmitTransient(err *Error) bool {
	switch err.Code {
	case codes.Unavailable, codes.ResourceExhausted, codes.Canceled, codes.Internal:
		return true
	}
	return false
}
