package tss_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	tss "github.com/tss/tss/sdk/go"
)

func Example() {
	ctx := context.Background()
	client, err := tss.NewClient(tss.ClientOptions{}) // TSS_COORDINATOR, TSS_API_KEY or ./.tss/credentials
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	task, err := client.Submit(ctx, tss.TaskSpec{Command: "echo hello", Timeout: time.Minute, Retry: tss.Retries(2)})
	if err != nil {
		log.Fatal(err)
	}
	for piece, err := range task.Logs(ctx, tss.LogOptions{Follow: true}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(string(piece.Data))
	}
	info, err := task.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Status)
	// Output:
	// hello
	// succeeded
}

func ExampleHandle() {
	type Mail struct{ To, Subject string }
	ctx, stop := context.WithCancel(context.Background())
	client, err := tss.NewClient(tss.ClientOptions{Logger: quiet})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	worker := tss.NewWorker(client, tss.WorkerOptions{Slots: 20})
	tss.Handle(worker, "example.mail", func(_ context.Context, task *tss.Task[Mail]) (string, error) {
		switch {
		case task.Input.To == "":
			return "", tss.Fatalf("the mail has no address")
		case task.Attempt == 1:
			return "", tss.RetryLater(10*time.Millisecond, errors.New("the server is busy"))
		}
		task.Progress(50, "connected")
		return "sent to " + task.Input.To, nil
	})
	over := make(chan error)
	go func() { over <- worker.Run(ctx) }() // in a program of its own: with a context that a signal ends

	send := tss.NewTaskType[Mail, string]("example.mail")
	task, err := send.Submit(ctx, client, Mail{To: "ada@example.org"}, func(spec *tss.TaskSpec) { spec.Retry = tss.Retries(3) })
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(task.Result(ctx))
	bad, err := send.Submit(ctx, client, Mail{})
	if err != nil {
		log.Fatal(err)
	}
	_, err = bad.Result(ctx)
	var failed *tss.TaskFailedError
	fmt.Println(errors.As(err, &failed), failed.Task.Error.Message)
	stop()
	fmt.Println(<-over)
	// Output:
	// sent to ada@example.org <nil>
	// true the mail has no address
	// <nil>
}

func ExampleClient_SubmitMany() {
	ctx := context.Background()
	client, err := tss.NewClient(tss.ClientOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	handles, err := client.SubmitMany(ctx, []tss.TaskSpec{
		{Command: "true", Queue: "images"},
		{Command: "true", Queue: "Not a queue"},
	})
	var batch *tss.BatchError
	if errors.As(err, &batch) {
		fmt.Println(len(batch.Failed), "refused:", errors.Is(batch.Failed[1], tss.ErrInvalid))
	}
	fmt.Println(handles[0] != nil, handles[1] != nil)
	// Output:
	// 1 refused: true
	// true false
}

func ExampleNewPayloadCodec() {
	secret, err := tss.NewAESGCM(map[string][]byte{"2026-11": make([]byte, 32)}, "2026-11") // 32 random bytes
	if err != nil {
		log.Fatal(err)
	}
	codec, err := tss.NewPayloadCodec(tss.PayloadOptions{Codecs: []tss.Codec{tss.Gzip{}, secret}})
	if err != nil {
		log.Fatal(err)
	}
	payload, err := codec.Encode(map[string]string{"card": "4242"})
	if err != nil {
		log.Fatal(err)
	}
	var value map[string]string
	fmt.Println(payload.ContentType, payload.Encodings, codec.Decode(payload, &value), value)
	// Output: application/json [aes-gcm] <nil> map[card:4242]
}
