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
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	tss "github.com/tss/tss/sdk/go"
	"github.com/tss/tss/sdk/go/tsspb"
)

type submitStream = played[tsspb.SubmitStreamRequest, tsspb.SubmitStreamResponse]

// accept answers a message with ids that say where each task stood.
func accept(t *testing.T, stream *submitStream, message *tsspb.SubmitStreamRequest) {
	t.Helper()
	answer := &tsspb.SubmitTasksResponse{}
	for at := range message.GetRequest().GetTasks() {
		id := fmt.Sprintf("%s.%d", message.GetRequest().GetRequestId(), at)
		answer.Results = append(answer.Results, &tsspb.SubmitResult{Result: &tsspb.SubmitResult_Id{Id: id}})
	}
	check(t, stream.Send(&tsspb.SubmitStreamResponse{
		Sequence: message.GetSequence(), Answer: &tsspb.SubmitStreamResponse_Response{Response: answer},
	}))
}

type submittedTask struct {
	task *tss.TaskHandle
	err  error
}

func submitLater(client *tss.Client, ctx context.Context, spec tss.TaskSpec) <-chan submittedTask {
	result := make(chan submittedTask, 1)
	go func() {
		task, err := client.Submit(ctx, spec)
		result <- submittedTask{task, err}
	}()
	return result
}

func TestAMessageIsSentAgainWithTheSameIdUntilItIsAnswered(t *testing.T) {
	coordinator := newFake(t)
	client := coordinator.client(t, tss.ClientOptions{})
	result := submitLater(client, within(t), tss.TaskSpec{Command: "true"})
	stream := <-coordinator.submits
	first, err := stream.Recv()
	check(t, err)
	stream.end(status.Error(codes.Unavailable, "going away"))
	stream = <-coordinator.submits
	second, err := stream.Recv()
	check(t, err)
	equal(t, proto.Equal(first.GetRequest(), second.GetRequest()), true)
	// Refused as a whole, with word when to come back: the same message again, over the same stream.
	busy := status.Convert(refusal(codes.ResourceExhausted, "busy", retryIn(durationpb.New(time.Millisecond)))).Proto()
	check(t, stream.Send(&tsspb.SubmitStreamResponse{Sequence: second.GetSequence(), Answer: &tsspb.SubmitStreamResponse_Error{Error: busy}}))
	third, err := stream.Recv()
	check(t, err)
	equal(t, proto.Equal(first.GetRequest(), third.GetRequest()), true)
	accept(t, stream, third)
	got := <-result
	check(t, got.err)
	equal(t, got.task.ID, first.GetRequest().GetRequestId()+".0")
}

func TestTasksGatherIntoFullMessagesWhileEarlierOnesAreOnTheirWay(t *testing.T) {
	coordinator := newFake(t)
	client := coordinator.client(t, tss.ClientOptions{})
	specs := make([]tss.TaskSpec, 2500)
	for at := range specs {
		specs[at] = tss.TaskSpec{Command: fmt.Sprint("echo ", at)}
	}
	done := make(chan error, 1)
	var handles []*tss.TaskHandle
	go func() {
		var err error
		handles, err = client.SubmitMany(within(t), specs)
		done <- err
	}()
	stream := <-coordinator.submits
	var sizes []int
	for total := 0; total < len(specs); {
		message, err := stream.Recv()
		check(t, err)
		sizes = append(sizes, len(message.GetRequest().GetTasks()))
		total += len(message.GetRequest().GetTasks())
		accept(t, stream, message)
	}
	check(t, <-done)
	equal(t, fmt.Sprint(sizes), "[1000 1000 500]")
	equal(t, strings.HasSuffix(handles[2499].ID, ".499"), true)

	// Large ones: no message above the limit.
	large := make([]tss.TaskSpec, 40)
	for at := range large {
		large[at] = tss.TaskSpec{Type: "x", Input: make([]byte, 250_000)}
	}
	go func() {
		_, err := client.SubmitMany(within(t), large)
		done <- err
	}()
	for total := 0; total < len(large); {
		message, err := stream.Recv()
		if err != nil { // the idle stream was ended, this is the next one
			stream.end(nil)
			stream = <-coordinator.submits
			continue
		}
		if size := proto.Size(message.GetRequest()); size > 4<<20 {
			t.Errorf("a message of %d bytes", size)
		}
		total += len(message.GetRequest().GetTasks())
		accept(t, stream, message)
	}
	check(t, <-done)
}

func TestASubmitWhoseContextEndsSaysWhetherItMayHaveBeenAccepted(t *testing.T) {
	coordinator := newFake(t)
	client := coordinator.client(t, tss.ClientOptions{})
	ctx, cancel := context.WithCancel(context.Background())
	result := submitLater(client, ctx, tss.TaskSpec{Command: "true"})
	stream := <-coordinator.submits
	_, err := stream.Recv()
	check(t, err)
	cancel()
	got := <-result
	if !errors.Is(got.err, tss.ErrCanceled) || !errors.Is(got.err, context.Canceled) || !strings.Contains(got.err.Error(), "it may have been accepted") {
		t.Errorf("got %v", got.err)
	}
	// Nobody waits for the message any more: it is not sent again.
	stream.end(status.Error(codes.Unavailable, "going away"))
	next := submitLater(client, within(t), tss.TaskSpec{Command: "false"})
	stream = <-coordinator.submits
	message, err := stream.Recv()
	check(t, err)
	equal(t, message.GetRequest().GetTasks()[0].GetCommand(), "false")
	accept(t, stream, message)
	check(t, (<-next).err)
}

func TestARefusedKeyRefusesEverySubmit(t *testing.T) {
	coordinator := newFake(t)
	client := coordinator.client(t, tss.ClientOptions{})
	result := submitLater(client, within(t), tss.TaskSpec{Command: "true"})
	(<-coordinator.submits).end(status.Error(codes.Unauthenticated, "The API key is not known."))
	if got := <-result; !errors.Is(got.err, tss.ErrUnauthenticated) || got.err.Error() != "The API key is not known." {
		t.Errorf("got %v", got.err)
	}
}

func TestAFullBufferMakesSubmitWait(t *testing.T) {
	coordinator := newFake(t)
	client := coordinator.client(t, tss.ClientOptions{BufferTasks: 3})
	results := make(chan error, 1)
	go func() {
		_, err := client.SubmitMany(within(t), make([]tss.TaskSpec, 100))
		results <- err
	}()
	stream := <-coordinator.submits
	for total := 0; total < 100; {
		message, err := stream.Recv()
		check(t, err)
		if count := len(message.GetRequest().GetTasks()); count > 3 {
			t.Fatalf("%d tasks were buffered", count)
		}
		total += len(message.GetRequest().GetTasks())
		accept(t, stream, message)
	}
	check(t, <-results)
}
