package tss

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/tss/tss/sdk/go/tsspb"
)

type submitLimits struct {
	timeout time.Duration
	tasks   int
	bytes   int
}

// submitter carries tasks to the coordinator: those that gather while earlier ones are on their way travel as one
// message. A message is sent until it is answered, always with the same id. One goroutine, the carrier, owns the streams.
type submitter struct {
	buffer  submitBuffer
	timeout time.Duration
	carrier *submitCarrier
	start   sync.Once
	// callers are in submit; close waits for them.
	mu      sync.Mutex
	closed  bool
	callers sync.WaitGroup
}

func newSubmitter(tasks tsspb.TaskServiceClient, limits submitLimits) *submitter {
	made := &submitter{timeout: limits.timeout}
	made.buffer = submitBuffer{maxTasks: limits.tasks, maxBytes: limits.bytes, room: make(chan struct{})}
	made.carrier = newSubmitCarrier(tasks, &made.buffer)
	return made
}

// submit returns when every entry has its result; at the latest when the context or the submit's own time has ended.
func (s *submitter) submit(ctx context.Context, batch *submitBatch, entries []*submitEntry) {
	if !s.enter() {
		closed := &Error{Code: codes.FailedPrecondition, Message: "The client is closed; make a new one to submit."}
		for _, entry := range entries {
			entry.settle(submitted{err: closed})
		}
		return
	}
	defer s.callers.Done()
	s.start.Do(func() { go s.carrier.run() })
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeout, fmt.Errorf("no answer for %v", s.timeout))
	defer cancel()
	if s.buffer.addAll(ctx, entries, s.carrier.wake) {
		select {
		case <-batch.done:
			return
		case <-ctx.Done():
		}
	}
	trouble := s.carrier.trouble.Load()
	for _, entry := range entries {
		entry.abandon(ctx, trouble)
	}
	<-batch.done
}

func (s *submitter) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.callers.Add(1)
	return true
}

// close refuses further submits, waits for the answers of earlier ones and ends the carrier.
func (s *submitter) close() {
	s.mu.Lock()
	again := s.closed
	s.closed = true
	s.mu.Unlock()
	s.callers.Wait()
	if !again {
		s.start.Do(func() { close(s.carrier.over) })
		s.carrier.end()
	}
	<-s.carrier.over
}

func asError(err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	return errEnded
}
