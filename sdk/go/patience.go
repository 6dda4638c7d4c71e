package tss

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"
)

const (
	// giveUpAfter is the longest time without a coordinator before a wait, watch or log fails.
	giveUpAfter  = 5 * time.Minute
	firstPause   = 200 * time.Millisecond
	longestPause = 5 * time.Second
)

// patience goes on after a lost connection: it waits longer each time, and gives up when nothing has answered for a while.
type patience struct {
	lostAt time.Time
	pause  time.Duration
	last   error
}

func newPatience() *patience { return &patience{pause: firstPause} }

// answered: something has.
func (p *patience) answered() { *p = *newPatience() }

// failed returns nil when it is time to try again, and the error itself when that cannot help or the time is up.
func (p *patience) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return p.ended(ctx, err)
	}
	if !isTransient(err) {
		return err
	}
	if p.lostAt.IsZero() {
		p.lostAt = time.Now()
	}
	if p.last = err; time.Since(p.lostAt) > giveUpAfter {
		return err
	}
	if !sleep(ctx, max(jitter(p.pause), retryAfter(err))) {
		return p.ended(ctx, contextError(ctx, "The call"))
	}
	p.pause = min(longestPause, 2*p.pause)
	return nil
}

// ended tells a context that ended while no coordinator answered by the coordinator's trouble: it says more.
func (p *patience) ended(ctx context.Context, err error) error {
	var last *Error
	if !errors.As(p.last, &last) {
		return err
	}
	made := *last
	made.cause = errors.Join(ctx.Err(), context.Cause(ctx))
	return &made
}

func isTransient(err error) bool {
	var known *Error
	if !errors.As(err, &known) {
		return true // the stream ended without a word
	}
	switch known.Code {
	case codes.Unavailable, codes.Internal, codes.DeadlineExceeded, codes.ResourceExhausted:
		return true
	}
	return false
}

func retryAfter(err error) time.Duration {
	var known *Error
	if errors.As(err, &known) {
		return known.RetryAfter
	}
	return 0
}

// jitter is half to all of the pause, so that many who were cut off together do not come back together.
func jitter(pause time.Duration) time.Duration {
	return pause/2 + rand.N(pause/2+1)
}

// sleep is false when the context ended first.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
