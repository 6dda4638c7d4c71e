package tss_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"time"

	tss "github.com/tss/tss/sdk/go"
)

type number struct {
	N int `json:"n"`
}

type twice struct {
	Twice int `json:"twice"`
}

// handled makes a client whose own worker serves one type in a queue of its own.
func handled[In, Out any](t *testing.T, options tss.WorkerOptions, run func(context.Context, *tss.Task[In]) (Out, error)) func(In, ...func(*tss.TaskSpec)) *tss.TypedHandle[Out] {
	t.Helper()
	kind := tss.NewTaskType[In, Out]("go." + strings.ReplaceAll(t.Name(), "/", "."))
	client := newClient(t, tss.ClientOptions{})
	worker := tss.NewWorker(client, options)
	kind.Handle(worker, run)
	start(t, worker)
	ctx := within(t)
	return func(input In, change ...func(*tss.TaskSpec)) *tss.TypedHandle[Out] {
		t.Helper()
		task, err := kind.Submit(ctx, client, input, change...)
		check(t, err)
		return task
	}
}

// ended waits for the end and looks at it.
func ended(t *testing.T, task interface {
	Wait(context.Context) (*tss.TaskInfo, error)
}, status tss.Status, reason tss.Reason) *tss.TaskInfo {
	t.Helper()
	info, err := task.Wait(within(t))
	check(t, err)
	if info.Status != status || info.Reason != reason {
		t.Errorf("got %s (%s) %+v, want %s (%s)", info.Status, info.Reason, info.Error, status, reason)
	}
	return info
}

func TestATypedHandlerGetsItsInputAndGivesItsResult(t *testing.T) {
	submit := handled(t, tss.WorkerOptions{}, func(_ context.Context, task *tss.Task[number]) (twice, error) {
		return twice{2 * task.Input.N}, nil
	})
	task := submit(number{21}, func(spec *tss.TaskSpec) { spec.Labels = map[string]string{"team": "web"} })
	result, err := task.Result(within(t))
	check(t, err)
	equal(t, result, twice{42})
	info := ended(t, task, tss.Succeeded, "")
	equal(t, info.Labels["team"], "web")
	equal(t, info.Attempts[0].Outcome, "succeeded")
}

func TestWhatAHandlerSeesSaysAndCounts(t *testing.T) {
	seen := make(chan tss.Run, 3)
	submit := handled(t, tss.WorkerOptions{}, func(ctx context.Context, task *tss.Task[tss.None]) (tss.None, error) {
		if _, has := ctx.Deadline(); !has || tss.RunOf(ctx) != task.Run {
			return tss.None{}, tss.Fatalf("the context is not its attempt's")
		}
		seen <- *task.Run
		task.Progress(40, "resizing")
		task.Message(fmt.Sprint("try ", task.Attempt))
		if task.Attempt < 3 {
			return tss.None{}, fmt.Errorf("mail: %w", tss.RetryLater(10*time.Millisecond, errors.New("the server is busy")))
		}
		return tss.None{}, nil
	})
	task := submit(tss.None{}, func(spec *tss.TaskSpec) {
		spec.Retry = tss.RetryPolicy{Limit: tss.Some(5), Interval: tss.Some(time.Hour)}
		spec.Timeout = time.Minute
	})
	info := ended(t, task, tss.Succeeded, "")
	equal(t, *info.Progress, tss.Progress{Percent: 40, Message: "resizing", At: info.Progress.At})
	var messages []string
	for _, message := range info.Messages {
		messages = append(messages, message.Text)
	}
	equal(t, strings.Join(messages, ", "), "try 1, try 2, try 3")
	equal(t, *info.Attempts[0].Error, tss.TaskError{Type: "RetryLater", Message: "mail: the server is busy"})
	first, _, third := <-seen, <-seen, <-seen
	equal(t, first.ID, task.ID)
	equal(t, first.MaxAttempts, 6)
	equal(t, third.FencingToken > first.FencingToken, true)
	equal(t, info.Result == nil, true)
}

func TestHowErrorsAreTold(t *testing.T) {
	missing := &fs.PathError{Op: "open", Path: "photo.png", Err: fs.ErrNotExist}
	errs := map[string]error{
		"plain":   errors.New("no such customer"),
		"wrapped": fmt.Errorf("order 7: %w", missing),
		"fatal":   fmt.Errorf("order 8: %w", tss.Fatal(missing)),
		"empty":   errors.New(""),
		"odd":     errors.New("a\x00b\xff " + strings.Repeat("x", 5000)),
	}
	submit := handled(t, tss.WorkerOptions{}, func(_ context.Context, task *tss.Task[string]) (tss.None, error) {
		switch task.Input {
		case "panic":
			var none map[string]int
			none["a"] = 1
		case "goexit":
			runtime.Goexit()
		}
		return tss.None{}, errs[task.Input]
	})
	for kind, want := range map[string]tss.TaskError{
		"plain":   {Type: "error", Message: "no such customer"},
		"wrapped": {Type: "fs.PathError", Message: "order 7: open photo.png: file does not exist"},
		"fatal":   {Type: "Fatal", Message: "order 8: open photo.png: file does not exist"},
		"empty":   {Type: "error", Message: "error"},
		"odd":     {Type: "error", Message: "a�b� " + strings.Repeat("x", 1018) + "…"},
		"panic":   {Type: "panic", Message: "panic: assignment to entry in nil map"},
		"goexit":  {Type: "panic", Message: "The handler ended its goroutine (runtime.Goexit)."},
	} {
		t.Run(kind, func(t *testing.T) {
			task := submit(kind, func(spec *tss.TaskSpec) {
				spec.Retry = tss.RetryPolicy{Limit: tss.Some(1), Interval: tss.Some(time.Millisecond)}
			})
			info := ended(t, task, tss.Failed, "handler_error")
			equal(t, *info.Error, want)
			attempts := 2
			if kind == "fatal" {
				attempts = 1
			}
			equal(t, info.Attempt, attempts)
			_, err := task.Result(within(t))
			var failed *tss.TaskFailedError
			if !errors.As(err, &failed) || failed.Task.ID != task.ID || !strings.Contains(err.Error(), "failed (handler_error): "+want.Message) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCancelReachesTheContextAtOnce(t *testing.T) {
	begun := make(chan struct{})
	submit := handled(t, tss.WorkerOptions{}, func(ctx context.Context, task *tss.Task[tss.None]) (tss.None, error) {
		close(begun)
		<-ctx.Done()
		if ctx.Err() != context.Canceled || !errors.Is(context.Cause(ctx), tss.ErrAborted) {
			return tss.None{}, nil // would be told apart by the message below
		}
		task.Message("stopped: " + context.Cause(ctx).Error())
		return tss.None{}, ctx.Err()
	})
	task := submit(tss.None{})
	<-begun
	_, err := task.Cancel(within(t))
	check(t, err)
	info := ended(t, task, tss.Cancelled, "aborted")
	equal(t, info.Attempts[0].Outcome, "cancelled")
	equal(t, info.Messages[0].Text, "stopped: the task was cancelled")
}

func TestADeafHandlerIsReportedAfterItsGraceAndKeepsItsSlot(t *testing.T) {
	release := make(chan struct{})
	submit := handled(t, tss.WorkerOptions{Slots: 1}, func(_ context.Context, task *tss.Task[string]) (string, error) {
		if task.Input == "hang" {
			<-release
		}
		return task.Input, nil
	})
	hung := submit("hang", func(spec *tss.TaskSpec) {
		spec.Timeout, spec.CancelGrace = 50*time.Millisecond, tss.Some(50*time.Millisecond)
	})
	ended(t, hung, tss.Failed, "timed_out")
	next := submit("next")
	info, err := next.Get(within(t))
	check(t, err)
	equal(t, info.Status, tss.Waiting)
	close(release)
	result, err := next.Result(within(t))
	check(t, err)
	equal(t, result, "next")
}

func TestATimeoutIsADeadlineAndASilentHandlerIsStopped(t *testing.T) {
	submit := handled(t, tss.WorkerOptions{}, func(ctx context.Context, task *tss.Task[string]) (string, error) {
		switch task.Input {
		case "lively":
			for range 24 { // Lives longer than its heartbeat timeout: what is tried is time itself.
				time.Sleep(100 * time.Millisecond)
				task.Heartbeat()
			}
			return "alive", nil
		default:
			<-ctx.Done()
			task.Message(fmt.Sprint(ctx.Err(), ", ", context.Cause(ctx)))
			return "", errors.New("cleaned up")
		}
	})
	heartbeat := func(spec *tss.TaskSpec) { spec.HeartbeatTimeout = 2 * time.Second }
	silent, lively := submit("silent", heartbeat), submit("lively", heartbeat)
	long := submit("long", func(spec *tss.TaskSpec) { spec.Timeout = 50 * time.Millisecond })
	ended(t, silent, tss.Failed, "heartbeat")
	info := ended(t, long, tss.Failed, "timed_out")
	equal(t, info.Messages[0].Text, "context deadline exceeded, the attempt ran longer than its timeout")
	equal(t, info.Error.Message, "The attempt ran longer than its timeout.")
	result, err := lively.Result(within(t))
	check(t, err)
	equal(t, result, "alive")
}

func TestWhatCannotBeCarriedFailsWithItsReasonAndIsNotTriedAgain(t *testing.T) {
	submit := handled(t, tss.WorkerOptions{}, func(_ context.Context, task *tss.Task[string]) (any, error) {
		if task.Input == "large" {
			return strings.Repeat("x", 64<<20), nil
		}
		return make(chan int), nil
	})
	tries := func(spec *tss.TaskSpec) { spec.Retry = tss.Retries(3) }
	info := ended(t, submit("large", tries), tss.Failed, "result_too_large")
	equal(t, info.Attempt, 1)
	info = ended(t, submit("channel", tries), tss.Failed, "handler_error")
	equal(t, info.Attempt, 1)
	equal(t, strings.HasPrefix(info.Error.Message, "The value cannot be written as JSON: json: unsupported type: chan int"), true)
}

func TestAHandlerThatLeavesGoroutinesBehindCostsNoSlotAndNobodyWhoLeaves(t *testing.T) {
	ever := make(chan struct{})
	defer close(ever)
	submit := handled(t, tss.WorkerOptions{Slots: 2}, func(_ context.Context, task *tss.Task[string]) (string, error) {
		go func() { <-ever }()
		return task.Input, nil
	})
	for range 50 {
		result, err := submit("on").Result(within(t))
		check(t, err)
		equal(t, result, "on")
	}
}

func TestAnInputThatDoesNotFitFailsTheTaskWithOneSentence(t *testing.T) {
	handled(t, tss.WorkerOptions{}, func(context.Context, *tss.Task[number]) (tss.None, error) { return tss.None{}, nil })
	client := newClient(t, tss.ClientOptions{})
	task, err := client.Submit(within(t), tss.TaskSpec{Type: "go." + t.Name(), Input: map[string]any{"n": "many"}, Retry: tss.Retries(3)})
	check(t, err)
	info := ended(t, task, tss.Failed, "handler_error")
	equal(t, info.Attempt, 1)
	equal(t, info.Error.Message, "The input cannot be decoded: The payload does not fit tss_test.number: its field n is a JSON string where int is wanted.")
}

func TestManyLargeResultsAtOnceTravelInMessagesBelowTheLimit(t *testing.T) {
	arrived, all := make(chan struct{}, 40), make(chan struct{})
	submit := handled(t, tss.WorkerOptions{Slots: 40}, func(context.Context, *tss.Task[tss.None]) (string, error) {
		arrived <- struct{}{}
		<-all
		return strings.Repeat("x", 200_000), nil
	})
	var tasks []*tss.TypedHandle[string]
	for range 40 {
		tasks = append(tasks, submit(tss.None{}))
	}
	for range 40 {
		<-arrived
	}
	close(all)
	for _, task := range tasks {
		result, err := task.Result(within(t))
		check(t, err)
		equal(t, len(result), 200_000)
		equal(t, ended(t, task, tss.Succeeded, "").Attempt, 1)
	}
}
