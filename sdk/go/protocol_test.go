package tss_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tss "github.com/tss/tss/sdk/go"
	"github.com/tss/tss/sdk/go/tsspb"
)

// runAgainst returns what a worker that says what it speaks makes of the answer of a coordinator.
func runAgainst(t *testing.T, answer func(*played[tsspb.WorkRequest, tsspb.WorkResponse])) error {
	t.Helper()
	coordinator := newFake(t)
	worker := tss.NewWorker(coordinator.client(t, tss.ClientOptions{}), tss.WorkerOptions{})
	tss.Handle(worker, "x", func(context.Context, *tss.Task[string]) (string, error) { return "", nil })
	done := make(chan error, 1)
	go func() { done <- worker.Run(context.Background()) }()
	stream := <-coordinator.works
	hello := hear(t, stream, func(message *tsspb.WorkRequest) bool { return message.GetHello() != nil })
	if spoken := hello.GetHello().GetWorker().GetProtocol(); spoken != 1 {
		t.Errorf("it speaks %d", spoken)
	}
	answer(stream)
	return <-done
}

func TestWorkerLeavesACoordinatorThatGoesOnWithAnotherVersion(t *testing.T) {
	err := runAgainst(t, func(stream *played[tsspb.WorkRequest, tsspb.WorkResponse]) {
		check(t, stream.Send(&tsspb.WorkResponse{Welcome: &tsspb.Welcome{SessionId: "w_1", ServerVersion: "9.1.0", Protocol: 999}}))
	})
	var known *tss.Error
	if !errors.As(err, &known) || known.Reason != "VERSION_TOO_OLD" || !strings.HasPrefix(known.Message, "The coordinator (version 9.1.0) goes on with version 999 ") {
		t.Fatalf("it says %v", err)
	}
}

func TestWorkerEndsWhenACoordinatorRefusesItsVersion(t *testing.T) {
	refusal := status.New(codes.FailedPrecondition, "Too old.")
	refusal, err := refusal.WithDetails(&errdetails.ErrorInfo{Reason: "VERSION_TOO_OLD"})
	check(t, err)
	err = runAgainst(t, func(stream *played[tsspb.WorkRequest, tsspb.WorkResponse]) { stream.end(refusal.Err()) })
	if err == nil || err.Error() != "Too old." {
		t.Fatalf("it says %v", err)
	}
}
