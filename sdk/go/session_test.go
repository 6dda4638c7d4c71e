package tss_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	tss "github.com/tss/tss/sdk/go"
	"github.com/tss/tss/sdk/go/tsspb"
)

// greet takes the hello of the next stream and welcomes it.
func (f *fake) greet(t *testing.T, refused ...*tsspb.HeldLease) (*played[tsspb.WorkRequest, tsspb.WorkResponse], *tsspb.Hello) {
	t.Helper()
	stream := <-f.works
	first, err := stream.Recv()
	check(t, err)
	check(t, stream.Send(&tsspb.WorkResponse{Welcome: &tsspb.Welcome{
		SessionId: "w_1", HeartbeatInterval: durationpb.New(time.Hour), LeaseTtl: durationpb.New(3 * time.Hour), Refused: refused,
	}}))
	return stream, first.GetHello()
}

func lease(id string, token int64, taskType string) *tsspb.WorkResponse {
	return &tsspb.WorkResponse{Leases: []*tsspb.Lease{{
		Id: id, FencingToken: token, Attempt: 1, MaxAttempts: 1, Spec: &tsspb.TaskSpec{Name: id, Type: taskType},
	}}}
}

func ends(message *tsspb.WorkRequest) bool { return len(message.GetOutcomes()) > 0 }

// gated is a worker whose handler waits for its turn and says how it was stopped.
func (f *fake) gated(t *testing.T, slots int) (begun chan string, release chan struct{}, stopped chan error) {
	begun, release, stopped = make(chan string, 10), make(chan struct{}), make(chan error, 10)
	worker := tss.NewWorker(f.client(t, tss.ClientOptions{}), tss.WorkerOptions{Slots: slots})
	tss.Handle(worker, "gated", func(ctx context.Context, task *tss.Task[tss.None]) (string, error) {
		begun <- task.ID
		select {
		case <-release:
			return "done", nil
		case <-ctx.Done():
			stopped <- context.Cause(ctx)
			return "", ctx.Err()
		}
	})
	f.run(t, worker)
	return begun, release, stopped
}

func TestAWorkerAnnouncesWhatItHoldsAndReportsUntilItIsHeard(t *testing.T) {
	coordinator := newFake(t)
	begun, release, stopped := coordinator.gated(t, 3)
	stream, hello := coordinator.greet(t)
	equal(t, hello.GetCredit(), 3)
	// Chosen by the worker: it is known by it even if it never hears the welcome.
	if chosen := hello.GetSessionId(); len(chosen) != 22 || chosen[:2] != "w_" {
		t.Errorf("the session is to be called %q", chosen)
	}
	equal(t, hello.GetAgain(), false)
	equal(t, hello.GetWorker().GetTypes()[0], "gated")
	check(t, stream.Send(lease("running", 7, "gated")))
	check(t, stream.Send(lease("running", 7, "gated"))) // a lease that comes twice runs once
	check(t, stream.Send(lease("stolen", 8, "gated")))
	<-begun
	<-begun
	stream.end(status.Error(codes.Unavailable, "going away"))

	// The next hello goes on with the session and all it holds. What is refused is told and never reported.
	stream, hello = coordinator.greet(t, &tsspb.HeldLease{Id: "stolen", FencingToken: 8})
	equal(t, hello.GetSessionId(), "w_1")
	equal(t, hello.GetAgain(), true)
	equal(t, len(hello.GetHeld()), 2)
	equal(t, hello.GetCredit(), 1)
	if cause := <-stopped; !errors.Is(cause, tss.ErrLost) {
		t.Errorf("the handler was told: %v", cause)
	}
	close(release)
	outcome := hear(t, stream, ends).GetOutcomes()
	equal(t, len(outcome), 1)
	equal(t, outcome[0].GetId(), "running")
	equal(t, string(outcome[0].GetResult().GetData()), `"done"`)

	// Not acknowledged: it is still held, and said again over the next stream.
	stream.end(status.Error(codes.Unavailable, "going away"))
	stream, hello = coordinator.greet(t)
	equal(t, len(hello.GetHeld()), 1)
	equal(t, hello.GetHeld()[0].GetFencingToken(), 7)
	equal(t, hello.GetCredit(), 3)
	again := hear(t, stream, ends).GetOutcomes()
	equal(t, again[0].GetId(), "running")
	check(t, stream.Send(&tsspb.WorkResponse{OutcomeAcks: []*tsspb.OutcomeAck{{Id: "running", FencingToken: 7}}}))

	// Acknowledged: forgotten. A type that the worker has no handler for is given back unharmed.
	check(t, stream.Send(lease("foreign", 9, "other")))
	released := hear(t, stream, ends).GetOutcomes()[0]
	equal(t, released.GetOutcome(), tsspb.AttemptOutcome_ATTEMPT_OUTCOME_RELEASED)
	check(t, stream.Send(&tsspb.WorkResponse{OutcomeAcks: []*tsspb.OutcomeAck{{Id: "foreign", FencingToken: 9, Accepted: true}}}))
	stream.end(nil)
	_, hello = coordinator.greet(t)
	equal(t, len(hello.GetHeld()), 0)
}

func TestOrdersOfTheCoordinatorReachTheHandler(t *testing.T) {
	for reason, want := range map[tsspb.TaskReason]error{
		tsspb.TaskReason_TASK_REASON_ABORTED:   tss.ErrAborted,
		tsspb.TaskReason_TASK_REASON_TIMED_OUT: tss.ErrTimedOut,
		tsspb.TaskReason_TASK_REASON_HEARTBEAT: tss.ErrSilent,
		tsspb.TaskReason_TASK_REASON_LOCK_LOST: tss.ErrLockLost,
		tsspb.TaskReason_TASK_REASON_LOST:      tss.ErrLost,
	} {
		t.Run(reason.String(), func(t *testing.T) {
			coordinator := newFake(t)
			begun, _, stopped := coordinator.gated(t, 2)
			stream, _ := coordinator.greet(t)
			check(t, stream.Send(lease("a", 1, "gated")))
			<-begun
			check(t, stream.Send(&tsspb.WorkResponse{Cancels: []*tsspb.CancelOrder{{Id: "a", FencingToken: 1, Reason: reason}}}))
			if cause := <-stopped; !errors.Is(cause, want) {
				t.Errorf("the handler was told: %v", cause)
			}
			if want != tss.ErrLost {
				equal(t, hear(t, stream, ends).GetOutcomes()[0].GetId(), "a")
				return
			}
			// What is lost is reported by nobody: only those are that are given back.
			for token := range int64(5) {
				check(t, stream.Send(lease("b", 2+token, "other")))
				for _, outcome := range hear(t, stream, ends).GetOutcomes() {
					equal(t, outcome.GetId(), "b")
				}
			}
		})
	}
}

func TestAStartIsToldOfWhatRunsForAWhile(t *testing.T) {
	coordinator := newFake(t)
	begun, release, _ := coordinator.gated(t, 1)
	stream, _ := coordinator.greet(t)
	check(t, stream.Send(lease("a", 1, "gated")))
	<-begun
	hear(t, stream, func(message *tsspb.WorkRequest) bool {
		return len(message.GetStarts()) == 1 && message.GetStarts()[0].GetId() == "a"
	})
	close(release)
	hear(t, stream, ends)
}
