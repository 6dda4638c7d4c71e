package tss

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tss/tss/sdk/go/tsspb"
)

const (
	// repeatAfter: a report that got lost on a living connection is repeated after this long.
	repeatAfter = 15 * time.Second
	// startAfter: an attempt that ends within this time is told by its outcome alone.
	startAfter = 10 * time.Millisecond
)

// floor is where handlers run: it offers slots, takes leases, hears orders and repeats reports until they are acknowledged.
type floor struct {
	base     context.Context
	session  *session
	handlers map[string]handler
	logger   *slog.Logger
	greeted  func()
	// changed is rung when something was reported or forgotten.
	changed chan struct{}

	mu    sync.Mutex
	held  map[leaseKey]*attempt
	slots int
	// taken slots run something; offered leases may still come.
	taken, offered  int
	paused, leaving bool
}

func newFloor(base context.Context, session *session, handlers map[string]handler, slots int, logger *slog.Logger) *floor {
	return &floor{
		base: base, session: session, handlers: handlers, slots: slots, logger: logger,
		changed: make(chan struct{}, 1), held: map[leaseKey]*attempt{},
	}
}

// offer asks for leases, so that every free slot is offered once.
func (f *floor) offer() {
	f.mu.Lock()
	due := f.slots - f.taken - f.offered
	if f.paused || f.leaving || due <= 0 {
		f.mu.Unlock()
		return
	}
	f.offered += due
	f.mu.Unlock()
	f.session.offer(due)
}

// leases takes what the coordinator gave. One that was not offered is taken all the same.
func (f *floor) leases(leases []*tsspb.Lease) {
	var begun []*attempt
	for _, lease := range leases {
		if a := f.lease(lease); a != nil {
			begun = append(begun, a)
		}
	}
	if begun != nil {
		time.AfterFunc(startAfter, func() { f.session.started(begun) })
	}
}

func (f *floor) lease(lease *tsspb.Lease) *attempt {
	key := leaseKey{lease.GetId(), lease.GetFencingToken()}
	run := f.handlers[lease.GetSpec().GetType()]
	f.mu.Lock()
	f.offered = max(0, f.offered-1)
	if f.held[key] != nil {
		f.mu.Unlock()
		f.offer()
		return nil
	}
	f.taken++
	if run == nil || f.leaving {
		a := &attempt{key: key, floor: f, ended: true}
		f.held[key] = a
		f.mu.Unlock()
		f.report(a, &tsspb.OutcomeReport{Id: key.id, FencingToken: key.token, Outcome: tsspb.AttemptOutcome_ATTEMPT_OUTCOME_RELEASED})
		f.free()
		return nil
	}
	a := f.begin(lease)
	f.held[key] = a
	f.mu.Unlock()
	go a.execute(run, payloadOf(lease.GetSpec().GetPayload()))
	return a
}

// report remembers what is to be acknowledged and says it. What was fenced reports nothing.
func (f *floor) report(a *attempt, report *tsspb.OutcomeReport) {
	f.mu.Lock()
	current := f.held[a.key] == a
	if current {
		a.report, a.reportedAt = report, time.Now()
	}
	f.mu.Unlock()
	if current {
		f.session.outcomes(report)
		f.ring()
	}
}

// free gives a slot back: the handler itself has ended.
func (f *floor) free() {
	f.mu.Lock()
	f.taken--
	f.mu.Unlock()
	f.offer()
}

// stop tells the handler of a lease. A lease that is lost is somebody else's: nothing is reported.
func (f *floor) stop(key leaseKey, cause error) {
	f.mu.Lock()
	a := f.held[key]
	if cause == ErrLost {
		delete(f.held, key)
	}
	f.mu.Unlock()
	if a != nil {
		a.stop(cause)
	}
	f.ring()
}

func (f *floor) stopAll(cause error) {
	for _, a := range f.all() {
		a.stop(cause)
	}
}

// acknowledged forgets what the coordinator has.
func (f *floor) acknowledged(acks []*tsspb.OutcomeAck) {
	f.mu.Lock()
	for _, ack := range acks {
		key := leaseKey{ack.GetId(), ack.GetFencingToken()}
		if a := f.held[key]; a != nil && a.report != nil {
			delete(f.held, key)
		}
	}
	f.mu.Unlock()
	f.ring()
}

// connected goes on after a greeting: refused leases are somebody else's, what is not acknowledged is said again.
func (f *floor) connected(refused []*tsspb.HeldLease) {
	for _, lease := range refused {
		f.stop(leaseKey{lease.GetId(), lease.GetFencingToken()}, ErrLost)
	}
	f.sayAgain(0)
	f.mu.Lock()
	f.paused = false
	f.mu.Unlock()
	f.offer()
	f.greeted()
}

// pause takes nothing more until the next connection.
func (f *floor) pause() {
	f.mu.Lock()
	f.paused = true
	f.mu.Unlock()
}

// drain takes nothing more.
func (f *floor) drain() {
	f.mu.Lock()
	f.leaving = true
	f.mu.Unlock()
	f.session.drain()
}
