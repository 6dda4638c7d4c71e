package tss

import (
	"context"
	"time"

	"github.com/tss/tss/sdk/go/tsspb"
)

// heldLeases is everything that runs or is not acknowledged.
func (f *floor) heldLeases() []*tsspb.HeldLease {
	var leases []*tsspb.HeldLease
	for _, a := range f.all() {
		leases = append(leases, &tsspb.HeldLease{Id: a.key.id, FencingToken: a.key.token})
	}
	return leases
}

func (f *floor) all() []*attempt {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]*attempt, 0, len(f.held))
	for _, a := range f.held {
		all = append(all, a)
	}
	return all
}

// sayAgain repeats reports that nobody has acknowledged for that long.
func (f *floor) sayAgain(after time.Duration) {
	now := time.Now()
	var late []*tsspb.OutcomeReport
	f.mu.Lock()
	for _, a := range f.held {
		if a.report != nil && now.Sub(a.reportedAt) >= after {
			a.reportedAt = now
			late = append(late, a.report)
		}
	}
	f.mu.Unlock()
	f.session.outcomes(late...)
}

func (f *floor) repeat(ctx context.Context) {
	for sleep(ctx, repeatAfter) {
		f.sayAgain(repeatAfter)
	}
}

// isReported: every attempt has its report.
func (f *floor) isReported() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.held {
		if a.report == nil {
			return false
		}
	}
	return true
}

// isEmpty: every report is acknowledged.
func (f *floor) isEmpty() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.held) == 0
}

// wait is for the one goroutine that ends the worker; false: the time was up first.
func (f *floor) wait(condition func() bool, late <-chan time.Time) bool {
	for !condition() {
		select {
		case <-f.changed:
		case <-late:
			return condition()
		}
	}
	return true
}

func (f *floor) ring() {
	select {
	case f.changed <- struct{}{}:
	default:
	}
}
