package tss_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	tss "github.com/tss/tss/sdk/go"
	"github.com/tss/tss/sdk/go/internal/testsystem"
	"github.com/tss/tss/sdk/go/tsspb"
)

// system is one "tss dev" for all tests of the package.
var system *testsystem.System

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if system, err = testsystem.StartDev(); err != nil {
		fmt.Fprintln(os.Stderr, "these tests run against a TSS of the checkout (npm install in its root):", err)
		return 1
	}
	defer system.Close()
	// For the examples.
	os.Setenv("TSS_COORDINATOR", system.Address)
	os.Setenv("TSS_API_KEY", system.Key)
	return m.Run()
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func newClient(t testing.TB, options tss.ClientOptions) *tss.Client {
	t.Helper()
	if options.Address == "" {
		options.Address, options.APIKey = system.Address, system.Key
	}
	if options.Logger == nil {
		options.Logger = quiet
	}
	client, err := tss.NewClient(options)
	check(t, err)
	t.Cleanup(func() { check(t, client.Close()) })
	return client
}

// start runs a worker until the test ends, or what it returns is called; that returns what Run did.
func start(t testing.TB, worker *tss.Worker) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(ctx) }()
	var stopped atomic.Bool
	stop = func() error {
		if stopped.Swap(true) {
			return nil
		}
		cancel()
		return <-ended
	}
	t.Cleanup(func() {
		// A handler of a test that has failed may wait for ever; it is told to stop, and then left.
		if t.Failed() {
			over, end := context.WithCancel(context.Background())
			end()
			worker.Shutdown(over)
		}
		check(t, stop())
	})
	select {
	case <-worker.Ready():
	case err := <-ended:
		stopped.Store(true)
		t.Fatal("the worker ended:", err)
	}
	return stop
}

// within is a context that ends long before the test's patience does.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// workerOf is the worker of that name as the coordinator knows it, as soon as it is as wanted.
func workerOf(t testing.TB, client *tss.Client, name string, wanted func(*tsspb.Worker) bool) {
	t.Helper()
	for {
		answer, err := tsspb.NewWorkerRegistryServiceClient(client.Conn()).ListWorkers(within(t), &tsspb.ListWorkersRequest{})
		check(t, err)
		for _, worker := range answer.GetWorkers() {
			if worker.GetInfo().GetName() == name && wanted(worker) {
				return
			}
		}
	}
}

// own is a name that no other test has, nor the same one run again.
func own(name string) string { return name + "-" + strings.ToLower(rand.Text()[:8]) }
