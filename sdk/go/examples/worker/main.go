// Command worker counts words until Ctrl-C or SIGTERM.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os/signal"
	"strings"
	"syscall"
	"time"

	tss "github.com/tss/tss/sdk/go"
	"github.com/tss/tss/sdk/go/examples/words"
)

func count(ctx context.Context, task *tss.Task[words.Text]) (words.Count, error) {
	if task.Input.Text == "" {
		return words.Count{}, tss.Fatal(errors.New("there is nothing to count"))
	}
	var result words.Count
	lines := strings.Split(task.Input.Text, "\n")
	for at, line := range lines {
		if ctx.Err() != nil {
			return words.Count{}, context.Cause(ctx)
		}
		result.Words += len(strings.Fields(line))
		task.Progress(float64(100*(at+1)/len(lines)), fmt.Sprintf("line %d of %d", at+1, len(lines)))
	}
	return result, nil
}

func main() {
	client, err := tss.NewClient(tss.ClientOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	worker := tss.NewWorker(client, tss.WorkerOptions{Slots: 4, DrainTimeout: 10 * time.Second})
	words.CountWords.Handle(worker, count)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := worker.Run(ctx); err != nil {
		log.Fatal(err)
	}
}
