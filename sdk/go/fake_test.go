package tss_test

import (
	"context"
	"net"
	"sync"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	tss "github.com/tss/tss/sdk/go"
	"github.com/tss/tss/sdk/go/tsspb"
)

// fake is a coordinator that a test plays: it hands over every stream.
type fake struct {
	tsspb.UnimplementedTaskServiceServer
	tsspb.UnimplementedWorkerServiceServer
	address string
	submits chan *played[tsspb.SubmitStreamRequest, tsspb.SubmitStreamResponse]
	works   chan *played[tsspb.WorkRequest, tsspb.WorkResponse]
	over    chan struct{}
}

// played is the server's side of one stream.
type played[Request, Response any] struct {
	grpc.BidiStreamingServer[Request, Response]
	ending chan error
	once   sync.Once
}

// end ends the stream with an error, or with nil.
func (p *played[Request, Response]) end(err error) { p.once.Do(func() { p.ending <- err }) }

func newFake(t *testing.T) *fake {
	t.Helper()
	made := &fake{
		submits: make(chan *played[tsspb.SubmitStreamRequest, tsspb.SubmitStreamResponse]),
		works:   make(chan *played[tsspb.WorkRequest, tsspb.WorkResponse]),
		over:    make(chan struct{}),
	}
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	made.address = listen.Addr().String()
	server := grpc.NewServer()
	tsspb.RegisterTaskServiceServer(server, made)
	tsspb.RegisterWorkerServiceServer(server, made)
	go func() { _ = server.Serve(listen) }()
	t.Cleanup(func() {
		close(made.over)
		server.Stop()
	})
	return made
}

func play[Request, Response any](f *fake, to chan *played[Request, Response], stream grpc.BidiStreamingServer[Request, Response]) error {
	given := &played[Request, Response]{BidiStreamingServer: stream, ending: make(chan error, 1)}
	select {
	case to <- given:
	case <-f.over:
		return nil
	case <-stream.Context().Done():
		return nil
	}
	select {
	case err := <-given.ending:
		return err
	case <-f.over:
		return nil
	case <-stream.Context().Done():
		return nil
	}
}

func (f *fake) SubmitStream(stream tsspb.TaskService_SubmitStreamServer) error {
	return play(f, f.submits, stream)
}

func (f *fake) Work(stream tsspb.WorkerService_WorkServer) error { return play(f, f.works, stream) }

// client of the fake. The fake's end comes before the client's, which waits for nobody then.
func (f *fake) client(t *testing.T, options tss.ClientOptions) *tss.Client {
	options.Address, options.APIKey, options.Logger = f.address, "tss_any", quiet
	client, err := tss.NewClient(options)
	check(t, err)
	return client
}

// run a worker of the fake; it is not waited for.
func (f *fake) run(t *testing.T, worker *tss.Worker) {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go func() { _ = worker.Run(ctx) }()
}

// hear reads until a message is as wanted. Signs of life are answered.
func hear(t *testing.T, stream *played[tsspb.WorkRequest, tsspb.WorkResponse], wanted func(*tsspb.WorkRequest) bool) *tsspb.WorkRequest {
	t.Helper()
	for {
		message, err := stream.Recv()
		check(t, err)
		if wanted(message) {
			return message
		}
	}
}

func refusal(code codes.Code, message string, details ...protoadapt.MessageV1) error {
	made, err := status.New(code, message).WithDetails(details...)
	if err != nil {
		panic(err)
	}
	return made.Err()
}

func retryIn(pause *durationpb.Duration) protoadapt.MessageV1 {
	return &errdetails.RetryInfo{RetryDelay: pause}
}
