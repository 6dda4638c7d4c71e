package tss

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/tss/tss/sdk/go/tsspb"
)

// WorkerOptions say what a worker offers. Zero values are the defaults.
type WorkerOptions struct {
	// Slots are attempts that run at a time: 1–10 000; zero: 10.
	Slots int
	// Queues it serves; nil: all.
	Queues []string
	// Name is shown to people; empty: the host's name.
	Name   string
	Labels map[string]string
	// Resources are what it has in all (cpu, memory, …).
	Resources map[string]float64
	// Version of the program, shown to people.
	Version string
	// DrainTimeout is how long what runs may go on after Run's context has ended; after it its contexts end with
	// ErrDrained. Zero: no limit.
	DrainTimeout time.Duration
}

// Worker leases tasks of the types it has handlers for and runs them. It speaks over its client's connection.
type Worker struct {
	client   *Client
	options  WorkerOptions
	handlers map[string]handler
	ready    chan struct{}
	// leaving is closed by Shutdown, hurry when what runs is to stop, over when Run has returned.
	leaving, hurry, over chan struct{}
	goLeave, goHurry     func()

	mu      sync.Mutex
	started bool
	problem error
}

// lastReports is how long a worker that leaves waits for its last reports to be acknowledged.
const lastReports = 5 * time.Second

// NewWorker makes a worker; give it handlers with Handle, then Run it.
func NewWorker(client *Client, options WorkerOptions) *Worker {
	options.Slots = positive(options.Slots, 10)
	worker := &Worker{client: client, options: options, handlers: map[string]handler{}}
	worker.ready, worker.over = make(chan struct{}), make(chan struct{})
	worker.leaving, worker.hurry = make(chan struct{}), make(chan struct{})
	worker.goLeave = sync.OnceFunc(func() { close(worker.leaving) })
	worker.goHurry = sync.OnceFunc(func() { close(worker.hurry) })
	return worker
}

// Ready is closed when a coordinator has greeted the worker.
func (w *Worker) Ready() <-chan struct{} { return w.ready }

func (w *Worker) add(taskType string, run handler) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.started:
		w.problem = invalid("handler", fmt.Sprintf("of type %q came after Run; give it before.", taskType))
	case w.handlers[taskType] != nil:
		w.problem = invalid("handler", fmt.Sprintf("of type %q was given twice; a worker has one for each type.", taskType))
	}
	w.handlers[taskType] = run
}

// Run connects, offers the worker's slots and runs handlers until the context ends. Then it takes nothing more, lets what
// runs come to its end within DrainTimeout, and returns nil. A connection that is lost is made again, for ever; an error
// comes back only when no waiting mends it, such as a key that is refused.
func (w *Worker) Run(ctx context.Context) error {
	if err := w.begin(); err != nil {
		return err
	}
	defer close(w.over)
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	session := newSession(w.client, w.info())
	floor := newFloor(life, session, w.handlers, w.options.Slots, w.client.logger)
	floor.greeted = sync.OnceFunc(func() { close(w.ready) })
	session.floor = floor
	floor.offer()
	refused := make(chan error, 1)
	go func() { refused <- session.run(life) }()
	go session.watchLease(life)
	go floor.repeat(life)
	select {
	case <-ctx.Done():
		return w.leave(floor, session)
	case <-w.leaving:
		return w.leave(floor, session)
	case err := <-refused:
		floor.stopAll(ErrLost)
		floor.wait(floor.isReported, nil)
		return err
	}
}

// Shutdown ends Run as the end of its context does, and returns when it has. When this context ends first, handlers are
// told to stop (ErrDrained) and have the grace of their tasks.
func (w *Worker) Shutdown(ctx context.Context) {
	w.mu.Lock()
	running := w.started
	w.started = true
	w.mu.Unlock()
	if !running {
		return
	}
	w.goLeave()
	select {
	case <-w.over:
	case <-ctx.Done():
		w.goHurry()
		<-w.over
	}
}

func (w *Worker) begin() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.problem != nil:
		return w.problem
	case w.started:
		return &Error{Code: codes.FailedPrecondition, Message: "The worker has run before; make a new one."}
	case len(w.handlers) == 0:
		return invalid("handlers", "are missing; a worker has at least one, given with tss.Handle.")
	case w.options.Slots > maxSlots:
		return invalid("slots", fmt.Sprintf("is %d; it is at most %d.", w.options.Slots, maxSlots))
	}
	w.started = true
	return nil
}

// leave drains: nothing more is taken, what runs ends, what it reports is delivered.
func (w *Worker) leave(floor *floor, session *session) error {
	floor.drain()
	if patience := w.options.DrainTimeout; patience > 0 {
		timer := time.AfterFunc(patience, w.goHurry)
		defer timer.Stop()
	}
	go func() {
		select {
		case <-w.hurry:
			floor.stopAll(ErrDrained)
		case <-w.over:
		}
	}()
	floor.wait(floor.isReported, nil)
	delivered := floor.wait(floor.isEmpty, time.After(lastReports))
	session.close()
	if !delivered {
		message := "The worker left before its last reports were acknowledged; their attempts count as lost."
		return &Error{Code: codes.Unavailable, Message: message}
	}
	return nil
}

func (w *Worker) info() *tsspb.WorkerInfo {
	host, _ := os.Hostname()
	protocol := uint32(workerProtocol)
	return &tsspb.WorkerInfo{
		Name:      firstText(w.options.Name, host),
		Hostname:  host,
		Version:   w.options.Version,
		Queues:    w.options.Queues,
		Types:     sortedKeys(w.handlers),
		Labels:    w.options.Labels,
		Resources: w.options.Resources,
		Slots:     uint32(w.options.Slots),
		Pid:       int32(os.Getpid()),
		Protocol:  &protocol,
	}
}
