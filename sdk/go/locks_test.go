package tss_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	tss "github.com/tss/tss/sdk/go"
	"github.com/tss/tss/sdk/go/tsspb"
)

func TestLocksAreAskedForByNameOrWithTheirPermits(t *testing.T) {
	coordinator := newFake(t)
	client := coordinator.client(t, tss.ClientOptions{})
	locks := append(tss.Locks("deploy", "db"), tss.LockNeed{Name: "gpu", Permits: 2})
	result := submitLater(client, within(t), tss.TaskSpec{Command: "true", Locks: locks})
	stream := <-coordinator.submits
	message, err := stream.Recv()
	check(t, err)
	var asked []string
	for _, lock := range message.GetRequest().GetTasks()[0].GetLocks() {
		asked = append(asked, fmt.Sprint(lock.GetName(), " ", lock.GetPermits()))
	}
	equal(t, strings.Join(asked, ", "), "deploy 0, db 0, gpu 2")
	accept(t, stream, message)
	check(t, (<-result).err)
}

func TestALockThatCannotBeWrittenIsRefusedWithItsField(t *testing.T) {
	client := newFake(t).client(t, tss.ClientOptions{})
	for want, need := range map[string]tss.LockNeed{
		"locks[1].permits is -1; it is 1 to 10 000.": {Name: "a", Permits: -1},
		"locks[1].name is not UTF-8.":                {Name: "\xff"},
	} {
		_, err := client.Submit(within(t), tss.TaskSpec{Command: "true", Locks: append(tss.Locks("ok"), need)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestAHandlerSeesTheTokensOfItsLocksAndFailsWhenOneIsLost(t *testing.T) {
	coordinator := newFake(t)
	seen := make(chan map[string]int64, 10)
	worker := tss.NewWorker(coordinator.client(t, tss.ClientOptions{}), tss.WorkerOptions{Slots: 2})
	tss.Handle(worker, "locked", func(ctx context.Context, task *tss.Task[tss.None]) (tss.None, error) {
		seen <- task.Locks
		if len(task.Locks) == 0 {
			return tss.None{}, nil
		}
		<-ctx.Done()
		return tss.None{}, ctx.Err()
	})
	coordinator.run(t, worker)
	stream, _ := coordinator.greet(t)
	check(t, stream.Send(lease("free", 1, "locked")))
	equal(t, len(<-seen), 0)
	equal(t, hear(t, stream, ends).GetOutcomes()[0].GetOutcome(), tsspb.AttemptOutcome_ATTEMPT_OUTCOME_SUCCEEDED)

	held := lease("held", 2, "locked")
	held.Leases[0].Locks = []*tsspb.TaskLock{{Name: "a", Token: 12}, {Name: "b", Token: 1<<53 - 1}}
	check(t, stream.Send(held))
	tokens := <-seen
	equal(t, fmt.Sprint(tokens), "map[a:12 b:9007199254740991]")
	check(t, stream.Send(lost("held", 2)))
	report := hear(t, stream, endOf("held")).GetOutcomes()
	last := report[len(report)-1]
	equal(t, last.GetReason(), tsspb.TaskReason_TASK_REASON_LOCK_LOST)
	equal(t, last.GetOutcome(), tsspb.AttemptOutcome_ATTEMPT_OUTCOME_FAILED)
	equal(t, last.GetError().GetMessage(), "A lock that the attempt held was taken away or could not be renewed in time.")
}

func TestAHandlerThatDoesNotHearThatItsLockIsLostIsReportedAfterItsGrace(t *testing.T) {
	coordinator := newFake(t)
	begun, release := make(chan struct{}), make(chan struct{})
	worker := tss.NewWorker(coordinator.client(t, tss.ClientOptions{}), tss.WorkerOptions{Slots: 1})
	tss.Handle(worker, "deaf", func(context.Context, *tss.Task[tss.None]) (tss.None, error) {
		close(begun)
		<-release
		return tss.None{}, nil
	})
	coordinator.run(t, worker)
	stream, _ := coordinator.greet(t)
	given := lease("deaf", 3, "deaf")
	given.Leases[0].CancelGrace = durationpb.New(50 * time.Millisecond)
	check(t, stream.Send(given))
	<-begun
	check(t, stream.Send(lost("deaf", 3)))
	equal(t, hear(t, stream, endOf("deaf")).GetOutcomes()[0].GetReason(), tsspb.TaskReason_TASK_REASON_LOCK_LOST)
	close(release)
}

// lost is the order to end an attempt whose lock is not its own any more.
func lost(id string, token int64) *tsspb.WorkResponse {
	return &tsspb.WorkResponse{Cancels: []*tsspb.CancelOrder{
		{Id: id, FencingToken: token, Reason: tsspb.TaskReason_TASK_REASON_LOCK_LOST},
	}}
}

func endOf(id string) func(*tsspb.WorkRequest) bool {
	return func(message *tsspb.WorkRequest) bool {
		outcomes := message.GetOutcomes()
		return len(outcomes) > 0 && outcomes[len(outcomes)-1].GetId() == id
	}
}
