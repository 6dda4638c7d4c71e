package tss_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tss "github.com/tss/tss/sdk/go"
)

// written is what a command wrote, attempt by attempt; disturb is called after every piece.
func written(t *testing.T, task *tss.TaskHandle, options tss.LogOptions, disturb func()) string {
	t.Helper()
	var text strings.Builder
	attempt := 0
	for piece, err := range task.Logs(within(t), options) {
		check(t, err)
		if piece.Attempt != attempt {
			attempt = piece.Attempt
			fmt.Fprintf(&text, "[%d]", attempt)
		}
		if piece.Stderr {
			text.WriteString("!")
		}
		text.Write(piece.Data)
		disturb()
	}
	return text.String()
}

func TestTheOutputOfEveryAttemptIsFollowedByteByByte(t *testing.T) {
	proxy := newProxy(t, system.Address)
	client := newClient(t, tss.ClientOptions{Address: proxy.Address, APIKey: system.Key})
	task, err := client.Submit(within(t), tss.TaskSpec{
		Command: `for n in 1 2 3 4 5; do echo "line $n of $TSS_ATTEMPT"; sleep 0.05; done; echo sorry >&2; [ "$TSS_ATTEMPT" = 3 ]`,
		Retry:   tss.RetryPolicy{Limit: tss.Some(2), Interval: tss.Some(10 * time.Millisecond)},
	})
	check(t, err)
	lines := func(attempt int) string {
		text := fmt.Sprintf("[%d]", attempt)
		for n := range 5 {
			text += fmt.Sprintf("line %d of %d\n", n+1, attempt)
		}
		return text + "!sorry\n"
	}
	seen := 0
	followed := written(t, task, tss.LogOptions{Follow: true}, func() {
		if seen++; seen%3 == 0 {
			proxy.Cut()
		}
	})
	equal(t, followed, lines(1)+lines(2)+lines(3))
	equal(t, written(t, task, tss.LogOptions{}, func() {}), lines(3))
	equal(t, written(t, task, tss.LogOptions{Attempt: 2}, func() {}), lines(2))
	info := ended(t, task, tss.Succeeded, "")
	equal(t, *info.ExitCode, 0)
	equal(t, *info.Attempts[0].ExitCode, 1)
	equal(t, info.Attempts[0].Reason, "exit_code")
}

func TestAReaderOfLogsMayStop(t *testing.T) {
	client := newClient(t, tss.ClientOptions{})
	task, err := client.Submit(within(t), tss.TaskSpec{Command: "echo begun; sleep 60"})
	check(t, err)
	for piece, err := range task.Logs(within(t), tss.LogOptions{Follow: true}) {
		check(t, err)
		equal(t, string(piece.Data), "begun\n")
		break
	}
	for info, err := range task.Watch(within(t)) {
		check(t, err)
		equal(t, info.Status, tss.Running)
		break
	}
	_, err = task.Cancel(within(t))
	check(t, err)
	ended(t, task, tss.Cancelled, "aborted")
	var statuses []tss.Status
	for info, err := range task.Watch(within(t)) {
		check(t, err)
		statuses = append(statuses, info.Status)
	}
	equal(t, fmt.Sprint(statuses), "[cancelled]")
	for _, err := range client.Task("nothing").Logs(within(t), tss.LogOptions{Follow: true}) {
		equal(t, errors.Is(err, tss.ErrNotFound), true)
	}
}

func TestTheResultOfACommandIsReadAsItIsKept(t *testing.T) {
	client := newClient(t, tss.ClientOptions{})
	task, err := client.Submit(within(t), tss.TaskSpec{
		Argv: []string{"sh", "-c", `awk -F: '{ sub(/}/, "", $2); print "{\"twice\":" 2 * $2 "}" }' "$TSS_INPUT" > "$TSS_OUTPUT"`}, Input: number{21},
	})
	check(t, err)
	var result twice
	check(t, task.Result(within(t), &result))
	equal(t, result, twice{42})
}
