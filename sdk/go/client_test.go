package tss_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	tss "github.com/tss/tss/sdk/go"
	"github.com/tss/tss/sdk/go/tsspb"
)

func TestEveryOptionOfATaskArrivesAsItWasMeant(t *testing.T) {
	client, ctx, key := newClient(t, tss.ClientOptions{}), within(t), own("order")
	runAt := time.Now().Add(24 * time.Hour).Truncate(time.Millisecond).UTC()
	task, err := client.Submit(ctx, tss.TaskSpec{
		Argv: []string{"convert", "a b.png"}, Name: "Bild «größer» 🖼", Queue: "images", Priority: -5, RunAt: runAt,
		Expires: time.Minute, Timeout: 1500 * time.Millisecond, CancelGrace: tss.Some(time.Duration(0)),
		Retry: tss.RetryPolicy{
			Limit: tss.Some(2), Interval: tss.Some(10 * time.Millisecond), Fixed: true, Jitter: tss.Some(0.0), Factor: 3,
			MaxInterval: time.Hour, NonRetryableExitCodes: []int{2},
		},
		Labels: map[string]string{"team": "web"}, Selector: map[string]string{"zone": "eu"}, Resources: map[string]float64{"gpu": 0.5},
		IdempotencyKey: key, IdempotencyTTL: 5 * time.Second, FairnessKey: "tenant-1", Env: map[string]string{"A": "1"},
		User: "deploy:www-data", Umask: "027", Limits: map[string]float64{"memory": 1 << 30, "cpus": 0.5},
		Dir: "/tmp", Traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	})
	check(t, err)
	answer, err := tsspb.NewTaskServiceClient(client.Conn()).GetTask(ctx, &tsspb.GetTaskRequest{Id: task.ID})
	check(t, err)
	want := &tsspb.TaskSpec{}
	check(t, protojson.Unmarshal([]byte(fmt.Sprintf(`{
		"argv": ["convert", "a b.png"], "name": "Bild «größer» 🖼", "queue": "images", "priority": -5, "runAt": %q,
		"expires": "60s", "timeout": "1.5s", "cancelGrace": "0s",
		"retry": {"limit": 2, "interval": "0.010s", "backoff": "RETRY_BACKOFF_FIXED", "jitter": 0, "factor": 3,
			"maxInterval": "3600s", "nonRetryableExitCodes": [2]},
		"labels": {"team": "web"}, "selector": {"zone": "eu"}, "resources": {"gpu": 0.5},
		"idempotencyKey": %q, "idempotencyTtl": "5s", "fairnessKey": "tenant-1", "env": {"A": "1"},
		"user": "deploy:www-data", "umask": "027", "limits": {"memory": 1073741824, "cpus": 0.5},
		"workingDirectory": "/tmp", "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	}`, runAt.Format(time.RFC3339Nano), key)), want))
	if got := answer.GetTask().GetSpec(); !proto.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	info, err := task.Get(ctx)
	check(t, err)
	equal(t, info.Reason, "scheduled")
	equal(t, info.RunAt, runAt)
	equal(t, info.MaxAttempts, 3)
	explanation, err := task.Explain(ctx)
	check(t, err)
	equal(t, explanation.Summary != "", true)
	cancelled, err := task.Cancel(ctx)
	check(t, err)
	equal(t, cancelled.Status, tss.Cancelled)
	again, err := task.Retry(ctx)
	check(t, err)
	info, err = again.Cancel(ctx)
	check(t, err)
	equal(t, info.RetryOf, task.ID)
}

func TestWhatIsWrongIsRefusedWithItsField(t *testing.T) {
	client, ctx := newClient(t, tss.ClientOptions{}), within(t)
	for name, one := range map[string]struct {
		spec  tss.TaskSpec
		field string
	}{
		"no UTF-8":               {tss.TaskSpec{Command: "echo \xff"}, "command"},
		"an unknown limit":       {tss.TaskSpec{Command: "true", Limits: map[string]float64{"cpu": 1}}, "limits"},
		"no UTF-8 in a label":    {tss.TaskSpec{Command: "true", Labels: map[string]string{"a": "\xff"}}, "labels"},
		"a priority of 40 bits":  {tss.TaskSpec{Command: "true", Priority: 1 << 40}, "priority"},
		"a priority over 127":    {tss.TaskSpec{Command: "true", Priority: 128}, "priority"},
		"a negative retry limit": {tss.TaskSpec{Command: "true", Retry: tss.Retries(-1)}, "retry.limit"},
		"a negative release limit": {
			tss.TaskSpec{Command: "true", Retry: tss.RetryPolicy{ReleaseLimit: tss.Some(-1)}}, "retry.release_limit",
		},
		"no way to restart":   {tss.TaskSpec{Command: "true", OnAgentRestart: "stay"}, "on_agent_restart"},
		"more than a message": {tss.TaskSpec{Command: strings.Repeat("x", 5<<20)}, "task"},
		"U+0000":              {tss.TaskSpec{Command: "true", Name: "a\x00b"}, "name"},
		"an empty task":       {tss.TaskSpec{}, ""},
		"a date in 3000":      {tss.TaskSpec{Command: "true", RunAt: time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)}, "run_at"},
		"a negative delay":    {tss.TaskSpec{Command: "true", Delay: -time.Second}, "delay"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Submit(ctx, one.spec)
			var refused *tss.Error
			if !errors.Is(err, tss.ErrInvalid) || !errors.As(err, &refused) {
				t.Fatalf("got %v", err)
			}
			if one.field != "" && (len(refused.Violations) == 0 || !strings.HasSuffix(refused.Violations[0].Field, one.field)) {
				t.Errorf("got %v with %v", refused, refused.Violations)
			}
			equal(t, status.Code(err), codes.InvalidArgument)
		})
	}
}

func TestOneRefusedTaskOfManyLeavesTheOthersAlone(t *testing.T) {
	client, ctx := newClient(t, tss.ClientOptions{}), within(t)
	handles, err := client.SubmitMany(ctx, []tss.TaskSpec{
		{Command: "true", Queue: "q"}, {Command: "true", Queue: "Not A Queue"}, {Command: "true", Name: "\xff"}, {Command: "true", Queue: "q"},
	})
	var batch *tss.BatchError
	if !errors.As(err, &batch) || !errors.Is(err, tss.ErrInvalid) || len(batch.Failed) != 2 {
		t.Fatalf("got %v", err)
	}
	for at, want := range []bool{true, false, false, true} {
		equal(t, handles[at] != nil, want)
	}
	if text := err.Error(); !strings.HasPrefix(text, "2 of 4 tasks failed, the first at place 1: ") {
		t.Error(text)
	}
}

func TestAnIdempotencyKeyGivesTheSameTaskAndIsRefusedForAnother(t *testing.T) {
	client, ctx := newClient(t, tss.ClientOptions{}), within(t)
	spec := tss.TaskSpec{Command: "true", IdempotencyKey: own("once"), Delay: time.Minute}
	first, err := client.Submit(ctx, spec)
	check(t, err)
	second, err := client.Submit(ctx, spec)
	check(t, err)
	equal(t, first.Duplicate, false)
	equal(t, second.Duplicate, true)
	equal(t, second.ID, first.ID)
	spec.Command = "false"
	_, err = client.Submit(ctx, spec)
	if !errors.Is(err, tss.ErrAlreadyExists) {
		t.Errorf("got %v", err)
	}
}

func TestListPagesWatchAndCancelMany(t *testing.T) {
	client, ctx, queue := newClient(t, tss.ClientOptions{}), within(t), own("listed")
	specs := make([]tss.TaskSpec, 7)
	for at := range specs {
		specs[at] = tss.TaskSpec{Type: "nobody-has-this", Queue: queue, Name: fmt.Sprint("n", at)}
	}
	handles, err := client.SubmitMany(ctx, specs)
	check(t, err)
	var names []string
	for info, err := range client.List(ctx, tss.TaskFilter{Queue: queue, Status: []tss.Status{tss.Waiting}, PageSize: 3}) {
		check(t, err)
		names = append(names, info.Name)
	}
	equal(t, strings.Join(names, " "), "n6 n5 n4 n3 n2 n1 n0")

	watching, stop := context.WithCancel(ctx)
	defer stop()
	seen := make(chan string, 100)
	go func() {
		defer close(seen)
		for change, err := range client.Watch(watching, tss.WatchFilter{Queue: queue}) {
			if err == nil && change.Task != nil && change.Task.Ended() {
				seen <- change.Task.ID
			}
		}
	}()
	ids := []string{handles[0].ID, strings.Repeat("A", 26), handles[1].ID}
	tasks, err := client.Cancel(ctx, ids...)
	var batch *tss.BatchError
	if !errors.As(err, &batch) || !errors.Is(batch.Failed[1], tss.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	equal(t, tasks[0].Status, tss.Cancelled)
	// The watch may have begun after the cancel: more are cancelled until it hears of one.
	for at := 2; ; at++ {
		select {
		case <-seen:
		case <-time.After(100 * time.Millisecond):
			_, err := handles[min(at, 6)].Cancel(ctx)
			check(t, err)
			continue
		}
		break
	}
	stop()
	for range seen { //nolint:revive // until the watch has ended
	}
	for _, err := range client.List(ctx, tss.TaskFilter{Status: []tss.Status{"done"}}) {
		equal(t, errors.Is(err, tss.ErrInvalid), true)
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	client, ctx := newClient(t, tss.ClientOptions{}), within(t)
	task, err := client.Submit(ctx, tss.TaskSpec{Command: "true", Delay: time.Hour})
	check(t, err)
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err = task.Wait(short)
	if !errors.Is(err, tss.ErrDeadline) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	why := errors.New("the user has left")
	leaving, leave := context.WithCancelCause(ctx)
	time.AfterFunc(50*time.Millisecond, func() { leave(why) })
	_, err = task.Wait(leaving)
	if !errors.Is(err, tss.ErrCanceled) || !errors.Is(err, context.Canceled) || !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
	equal(t, err.Error(), fmt.Sprintf("The wait for task %s was given up (the user has left).", task.ID))
	_, err = client.Task(strings.Repeat("A", 26)).Wait(ctx)
	equal(t, errors.Is(err, tss.ErrNotFound), true)
}

func TestManyMayWaitAtATime(t *testing.T) {
	client, ctx := newClient(t, tss.ClientOptions{}), within(t)
	specs := make([]tss.TaskSpec, 600)
	for at := range specs {
		specs[at] = tss.TaskSpec{Type: "nobody-has-this", Queue: "go-many-waits"}
	}
	handles, err := client.SubmitMany(ctx, specs)
	check(t, err)
	errs := make(chan error, len(handles))
	for _, handle := range handles {
		go func() {
			_, err := handle.Wait(ctx)
			errs <- err
		}()
	}
	ids := make([]string, len(handles))
	for at := range handles {
		ids[at] = handles[at].ID
	}
	_, err = client.Cancel(ctx, ids...)
	check(t, err)
	for range handles {
		check(t, <-errs)
	}
}
