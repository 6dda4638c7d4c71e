package tss_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	tss "github.com/tss/tss/sdk/go"
	"github.com/tss/tss/sdk/go/internal/testsystem"
	"github.com/tss/tss/sdk/go/tsspb"
)

func newProxy(t *testing.T, target string) *testsystem.Proxy {
	t.Helper()
	proxy, err := testsystem.StartProxy(target)
	check(t, err)
	t.Cleanup(proxy.Close)
	return proxy
}

func newCoordinator(t *testing.T, settings ...string) *testsystem.System {
	t.Helper()
	coordinator, err := testsystem.StartCoordinator(settings...)
	check(t, err)
	t.Cleanup(coordinator.Close)
	return coordinator
}

// submitAll submits from many goroutines and calls disturb after each tenth that was confirmed.
func submitAll(t *testing.T, client *tss.Client, count int, queue string, disturb func(tenth int)) map[string]bool {
	t.Helper()
	ctx := within(t)
	ids := map[string]bool{}
	var mu sync.Mutex
	var all sync.WaitGroup
	var next atomic.Int64
	for range 50 {
		all.Add(1)
		go func() {
			defer all.Done()
			for at := next.Add(1); at <= int64(count); at = next.Add(1) {
				task, err := client.Submit(ctx, tss.TaskSpec{Command: "true", Name: fmt.Sprint("n", at), Queue: queue, Delay: time.Hour})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				ids[task.ID] = true
				tenth := 0
				if len(ids)%(count/10) == 0 {
					tenth = len(ids) * 10 / count
				}
				mu.Unlock()
				if tenth > 0 {
					disturb(tenth)
				}
			}
		}()
	}
	all.Wait()
	return ids
}

func waiting(t *testing.T, client *tss.Client, queue string) int {
	t.Helper()
	count := 0
	for _, err := range client.List(within(t), tss.TaskFilter{Queue: queue, PageSize: 500}) {
		check(t, err)
		count++
	}
	return count
}

func TestAWireThatIsCutAgainAndAgainLosesAndDoublesNothing(t *testing.T) {
	proxy := newProxy(t, system.Address)
	client := newClient(t, tss.ClientOptions{Address: proxy.Address, APIKey: system.Key})
	queue := own("cut")
	ids := submitAll(t, client, 2000, queue, func(int) { proxy.Cut() })
	equal(t, len(ids), 2000)
	equal(t, waiting(t, newClient(t, tss.ClientOptions{}), queue), 2000)
}

func TestACoordinatorKilledAndStartedAgainLosesAndDoublesNothing(t *testing.T) {
	coordinator := newCoordinator(t)
	client := newClient(t, tss.ClientOptions{Address: coordinator.Address, APIKey: coordinator.Key})
	kind := tss.NewTaskType[tss.None, string]("go.survivor")
	begun, release := make(chan struct{}), make(chan struct{})
	worker := tss.NewWorker(client, tss.WorkerOptions{})
	kind.Handle(worker, func(context.Context, *tss.Task[tss.None]) (string, error) {
		close(begun)
		<-release
		return "kept", nil
	})
	start(t, worker)
	running, err := kind.Submit(within(t), client, tss.None{})
	check(t, err)
	<-begun
	restarted := make(chan error, 1)
	ids := submitAll(t, client, 2000, "go-killed", func(tenth int) {
		if tenth == 3 {
			coordinator.Stop(syscall.SIGKILL)
			go func() { restarted <- coordinator.Restart() }()
		}
	})
	check(t, <-restarted)
	equal(t, len(ids), 2000)
	equal(t, waiting(t, client, "go-killed"), 2000)
	close(release)
	result, err := running.Result(within(t))
	check(t, err)
	equal(t, result, "kept")
	equal(t, ended(t, running, tss.Succeeded, "").Attempt, 1)
}

func TestAWorkerWhoseWireIsCutGoesOn(t *testing.T) {
	proxy := newProxy(t, system.Address)
	far := newClient(t, tss.ClientOptions{Address: proxy.Address, APIKey: system.Key})
	near, ctx := newClient(t, tss.ClientOptions{}), within(t)
	kind := tss.NewTaskType[int, int]("go.cut")
	begun, release := make(chan struct{}, 1), make(chan struct{})
	worker := tss.NewWorker(far, tss.WorkerOptions{Slots: 2})
	kind.Handle(worker, func(_ context.Context, task *tss.Task[int]) (int, error) {
		if task.Input == 0 {
			begun <- struct{}{}
			<-release
		}
		return task.Input, nil
	})
	start(t, worker)
	long, err := kind.Submit(ctx, near, 0)
	check(t, err)
	<-begun
	// Whatever is on its way at each cut, every task ends in its first attempt, and no slot is lost.
	for at := 1; at <= 20; at++ {
		task, err := kind.Submit(ctx, near, at)
		check(t, err)
		if at%4 == 0 {
			proxy.Cut()
		}
		result, err := task.Result(ctx)
		check(t, err)
		equal(t, result, at)
		equal(t, ended(t, task, tss.Succeeded, "").Attempt, 1)
	}
	close(release)
	check(t, only(long.Result(ctx)))
	equal(t, ended(t, long, tss.Succeeded, "").Attempt, 1)
}

func TestAnAttemptOfASilentWorkerRunsElsewhereAndItsHandlerIsTold(t *testing.T) {
	coordinator := newCoordinator(t, "TSS_LEASE_TTL=4s")
	proxy := newProxy(t, coordinator.Address)
	far := newClient(t, tss.ClientOptions{Address: proxy.Address, APIKey: coordinator.Key})
	near, ctx := newClient(t, tss.ClientOptions{Address: coordinator.Address, APIKey: coordinator.Key}), within(t)
	kind := tss.NewTaskType[tss.None, string]("go.silent")
	tokens, told, release := make(chan int64, 2), make(chan error, 1), make(chan struct{})
	old := tss.NewWorker(far, tss.WorkerOptions{Name: "old", Slots: 1})
	kind.Handle(old, func(ctx context.Context, task *tss.Task[tss.None]) (string, error) {
		if task.Attempt > 1 {
			return "old again", nil
		}
		tokens <- task.FencingToken
		<-ctx.Done()
		told <- context.Cause(ctx)
		<-release
		return "old", nil
	})
	start(t, old)
	task, err := kind.Submit(ctx, near, tss.None{}, func(spec *tss.TaskSpec) {
		spec.Retry = tss.RetryPolicy{Limit: tss.Some(1), Interval: tss.Some(time.Millisecond)}
	})
	check(t, err)
	first := <-tokens
	proxy.Stop()
	if cause := <-told; !errors.Is(cause, tss.ErrLost) {
		t.Errorf("the handler was told: %v", cause)
	}
	other := tss.NewWorker(near, tss.WorkerOptions{Name: "new"})
	kind.Handle(other, func(_ context.Context, task *tss.Task[tss.None]) (string, error) {
		tokens <- task.FencingToken
		return "new", nil
	})
	stop := start(t, other)
	result, err := task.Result(ctx)
	check(t, err)
	equal(t, result, "new")
	equal(t, <-tokens > first, true)
	check(t, stop())
	// The old one comes back: its report is refused, its slot is free, it works.
	close(release)
	proxy.Flow()
	next, err := kind.Submit(ctx, near, tss.None{}, func(spec *tss.TaskSpec) { spec.Name = "next" })
	check(t, err)
	equal(t, <-tokens > 0, true)
	_, err = next.Cancel(ctx)
	check(t, err)
	info, err := task.Get(ctx)
	check(t, err)
	equal(t, info.Attempts[0].Reason, "lost")
	equal(t, info.Attempt, 2)
}

func TestAWorkerThatAnOperatorDrainsTakesNothingMore(t *testing.T) {
	proxy := newProxy(t, system.Address)
	far := newClient(t, tss.ClientOptions{Address: proxy.Address, APIKey: system.Key})
	near, ctx := newClient(t, tss.ClientOptions{}), within(t)
	kind := tss.NewTaskType[tss.None, tss.None]("go.drained")
	nothing := func(context.Context, *tss.Task[tss.None]) (tss.None, error) { return tss.None{}, nil }
	drained, other := tss.NewWorker(far, tss.WorkerOptions{Name: "drained"}), tss.NewWorker(near, tss.WorkerOptions{Name: "other"})
	kind.Handle(drained, nothing)
	kind.Handle(other, nothing)
	start(t, drained)
	workerOf(t, near, "drained", func(about *tsspb.Worker) bool {
		request := &tsspb.DrainWorkerRequest{SessionId: about.GetSessionId()}
		_, err := tsspb.NewWorkerRegistryServiceClient(near.Conn()).DrainWorker(ctx, request)
		check(t, err)
		return true
	})
	start(t, other)
	for at := range 20 {
		if at == 10 {
			proxy.Cut()
		}
		task, err := kind.Submit(ctx, near, tss.None{})
		check(t, err)
		equal(t, ended(t, task, tss.Succeeded, "").Attempts[0].WorkerName, "other")
	}
}

func only(_ any, err error) error { return err }
