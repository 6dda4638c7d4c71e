package tss_test

import (
	"context"
	"errors"
	"testing"
	"time"

	tss "github.com/tss/tss/sdk/go"
	"github.com/tss/tss/sdk/go/tsspb"
)

func TestAWorkerThatLeavesLetsWhatRunsEndAndTakesNothingMore(t *testing.T) {
	client, ctx := newClient(t, tss.ClientOptions{}), within(t)
	kind := tss.NewTaskType[string, string]("go.drain")
	begun, release := make(chan string, 1), make(chan struct{})
	run := func(_ context.Context, task *tss.Task[string]) (string, error) {
		begun <- task.Input
		<-release
		return task.Input, nil
	}
	worker := tss.NewWorker(client, tss.WorkerOptions{Slots: 5, Name: "leaver"})
	kind.Handle(worker, run)
	stop := start(t, worker)
	first, err := kind.Submit(ctx, client, "first")
	check(t, err)
	equal(t, <-begun, "first")
	left := make(chan error)
	go func() { left <- stop() }()
	// The worker says good-bye at once; what is submitted then waits for another.
	workerOf(t, client, "leaver", func(worker *tsspb.Worker) bool {
		return worker.GetState() == tsspb.WorkerState_WORKER_STATE_DRAINING
	})
	second, err := kind.Submit(ctx, client, "second")
	check(t, err)
	close(release)
	check(t, <-left)
	result, err := first.Result(ctx)
	check(t, err)
	equal(t, result, "first")
	info, err := second.Get(ctx)
	check(t, err)
	equal(t, info.Status, tss.Waiting)
	other := tss.NewWorker(client, tss.WorkerOptions{})
	kind.Handle(other, run)
	start(t, other)
	equal(t, ended(t, second, tss.Succeeded, "").Attempt, 1)
}

func TestAWorkerInAHurryTellsWhatRunsToStop(t *testing.T) {
	for name, leave := range map[string]struct {
		timeout time.Duration
		by      func(worker *tss.Worker, stop func() error) error
	}{
		"by its drain timeout": {10 * time.Millisecond, func(_ *tss.Worker, stop func() error) error { return stop() }},
		"by Shutdown": {0, func(worker *tss.Worker, _ func() error) error {
			hurry, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
			defer cancel()
			worker.Shutdown(hurry)
			return nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			client, ctx := newClient(t, tss.ClientOptions{}), within(t)
			kind := tss.NewTaskType[tss.None, tss.None]("go." + t.Name())
			begun := make(chan struct{}, 1)
			worker := tss.NewWorker(client, tss.WorkerOptions{DrainTimeout: leave.timeout})
			kind.Handle(worker, func(ctx context.Context, _ *tss.Task[tss.None]) (tss.None, error) {
				begun <- struct{}{}
				<-ctx.Done()
				if !errors.Is(context.Cause(ctx), tss.ErrDrained) {
					return tss.None{}, nil
				}
				return tss.None{}, errors.New("cleaned up")
			})
			stop := start(t, worker)
			task, err := kind.Submit(ctx, client, tss.None{})
			check(t, err)
			<-begun
			check(t, leave.by(worker, stop))
			ended(t, task, tss.Failed, "lost")
		})
	}
}

func TestAWorkerThatCannotRunSaysWhy(t *testing.T) {
	nothing := func(context.Context, *tss.Task[tss.None]) (tss.None, error) { return tss.None{}, nil }
	run := func(client *tss.Client, options tss.WorkerOptions, types ...string) error {
		worker := tss.NewWorker(client, options)
		for _, one := range types {
			tss.Handle(worker, one, nothing)
		}
		return worker.Run(within(t))
	}
	client := newClient(t, tss.ClientOptions{})
	for want, err := range map[string]error{
		"handlers are missing; a worker has at least one, given with tss.Handle.": run(client, tss.WorkerOptions{}),
		"handler of type \"a\" was given twice; a worker has one for each type.":  run(client, tss.WorkerOptions{}, "a", "b", "a"),
		"slots is 10001; it is at most 10000.":                                    run(client, tss.WorkerOptions{Slots: 10_001}, "a"),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	stranger := newClient(t, tss.ClientOptions{Address: system.Address, APIKey: "tss_nothing"})
	if err := run(stranger, tss.WorkerOptions{}, "a"); !errors.Is(err, tss.ErrUnauthenticated) {
		t.Errorf("got %v", err)
	}
	badQueue := run(client, tss.WorkerOptions{Queues: []string{"Not A Queue"}}, "a")
	if !errors.Is(badQueue, tss.ErrInvalid) {
		t.Errorf("got %v", badQueue)
	}
	stopped := tss.NewWorker(client, tss.WorkerOptions{})
	stopped.Shutdown(context.Background())
	if err := stopped.Run(context.Background()); !errors.Is(err, tss.ErrPrecondition) {
		t.Errorf("got %v", err)
	}
}
