package tss

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	// waits are calls that may wait for ends at a time: less than half of the streams a connection may have.
	waits = 400
	// longWait is how long one call may wait when no other waits for its turn, shortWait when others do, or soon will.
	longWait  = 60 * time.Second
	shortWait = time.Second
)

// waitTurns lets a bounded number of waiting calls be open at a time, so that they never take all streams of the
// connection from the calls that do something. Behind the bound they take turns.
type waitTurns struct {
	open  chan struct{}
	queue atomic.Int64
}

func newWaitTurns(most int) *waitTurns { return &waitTurns{open: make(chan struct{}, most)} }

// take gives the time the call may take, and what to call after it; false: the context ended first.
func (w *waitTurns) take(ctx context.Context) (time.Duration, func(), bool) {
	w.queue.Add(1)
	defer w.queue.Add(-1)
	select {
	case w.open <- struct{}{}:
	case <-ctx.Done():
		return 0, nil, false
	}
	most := longWait
	if w.queue.Load() > 1 || len(w.open) > cap(w.open)/2 {
		most = shortWait
	}
	return most, func() { <-w.open }, true
}
