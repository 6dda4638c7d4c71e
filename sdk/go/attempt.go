package tss

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/tss/tss/sdk/go/tsspb"
)

// leaseKey is an attempt by its lease.
type leaseKey struct {
	id    string
	token int64
}

// attempt is one that a worker holds: it runs, or its report is not acknowledged.
type attempt struct {
	key   leaseKey
	floor *floor
	// report and reportedAt belong to the floor.
	report     *tsspb.OutcomeReport
	reportedAt time.Time

	run     Run
	started time.Time
	grace   time.Duration
	ctx     context.Context
	cancel  context.CancelCauseFunc
	release []func() bool

	// silence fires when a handler with a heartbeat timeout gives no sign of life for it.
	silence        *time.Timer
	silenceTimeout time.Duration
	speak          sync.Once
	reporter       *progressReporter

	mu        sync.Mutex
	stoppedBy error
	ended     bool
	hard      *time.Timer
}

// begin takes a lease and winds its timers.
func (f *floor) begin(lease *tsspb.Lease) *attempt {
	spec := lease.GetSpec()
	a := &attempt{key: leaseKey{lease.GetId(), lease.GetFencingToken()}, floor: f, started: time.Now(), grace: defaultCancelGrace}
	a.run = Run{
		ID: lease.GetId(), Name: spec.GetName(), Queue: firstText(spec.GetQueue(), "default"), Type: spec.GetType(), Labels: spec.GetLabels(),
		Attempt: int(lease.GetAttempt()), MaxAttempts: int(lease.GetMaxAttempts()), FencingToken: lease.GetFencingToken(),
		Locks:       lockTokens(lease.GetLocks()),
		Traceparent: spec.GetTraceparent(), attempt: a,
	}
	if lease.GetCancelGrace() != nil {
		a.grace = lease.GetCancelGrace().AsDuration()
	} else if spec.GetCancelGrace() != nil {
		a.grace = spec.GetCancelGrace().AsDuration()
	}
	a.ctx, a.cancel = context.WithCancelCause(context.WithValue(f.base, runKey{}, &a.run))
	if timeout := lease.GetTimeout(); timeout != nil {
		limited, cancel := context.WithDeadlineCause(a.ctx, a.started.Add(timeout.AsDuration()), ErrTimedOut)
		forget := context.AfterFunc(limited, func() { a.stop(context.Cause(limited)) })
		a.ctx = limited
		a.release = append(a.release, func() bool { cancel(); return true }, forget)
	}
	silence := lease.GetHeartbeatTimeout()
	if silence == nil {
		silence = spec.GetHeartbeatTimeout()
	}
	if silence != nil {
		a.silenceTimeout = silence.AsDuration()
		a.silence = time.AfterFunc(a.silenceTimeout, func() { a.stop(ErrSilent) })
		a.release = append(a.release, a.silence.Stop)
	}
	return a
}

// execute runs the handler; a panic, or the end of its goroutine, is an error like others.
func (a *attempt) execute(run handler, input *Payload) {
	var result *tsspb.Payload
	var err error
	returned := false
	defer func() {
		if !returned {
			err = a.escaped(recover())
		}
		a.end(result, err)
		a.floor.free()
	}()
	result, err = run(a.ctx, &a.run, input)
	returned = true
}

func (a *attempt) escaped(value any) error {
	if value == nil {
		return &panicError{"The handler ended its goroutine (runtime.Goexit)."}
	}
	a.run.Logger().Error("a handler panicked", "panic", value, "stack", string(debug.Stack()))
	return &panicError{fmt.Sprintf("panic: %v", value)}
}

// stop tells the handler; the first cause counts. After the grace it is reported as stopped even if it does not listen.
func (a *attempt) stop(cause error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stoppedBy != nil || a.ended || a.cancel == nil {
		return
	}
	a.stoppedBy = cause
	a.hard = time.AfterFunc(a.grace, func() { a.end(nil, cause) })
	a.cancel(cause)
}

// end makes the report, once.
func (a *attempt) end(result *tsspb.Payload, err error) {
	a.mu.Lock()
	if a.ended {
		a.mu.Unlock()
		return
	}
	a.ended = true
	stoppedBy := a.stoppedBy
	if stoppedBy == nil && a.ctx.Err() != nil {
		// The handler was faster than the word that its deadline has passed.
		stoppedBy = context.Cause(a.ctx)
	}
	if a.hard != nil {
		a.hard.Stop()
	}
	a.mu.Unlock()
	for _, release := range a.release {
		release()
	}
	a.cancel(nil)
	a.speak.Do(func() {})
	if a.reporter != nil {
		a.reporter.close()
	}
	report := &tsspb.OutcomeReport{Id: a.key.id, FencingToken: a.key.token}
	a.floor.report(a, judge(report, a.started, time.Now(), stoppedBy, result, err))
}

func (a *attempt) isEnded() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ended
}

// say is where the handler speaks; every word is a sign of life.
func (a *attempt) say() *progressReporter {
	if a.silence != nil && !a.isEnded() {
		a.silence.Reset(a.silenceTimeout)
	}
	a.speak.Do(func() { a.reporter = newProgressReporter(a.key, a.floor.session.progress) })
	if a.reporter == nil {
		return silentReporter // the attempt has ended
	}
	return a.reporter
}
