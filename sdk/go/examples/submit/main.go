// Command submit hands off a text and follows the count of its words.
package main

import (
	"context"
	"fmt"
	"log"

	tss "github.com/tss/tss/sdk/go"
	"github.com/tss/tss/sdk/go/examples/words"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	client, err := tss.NewClient(tss.ClientOptions{})
	if err != nil {
		return err
	}
	defer client.Close()
	text := words.Text{Text: "to be\nor not to be"}
	task, err := words.CountWords.Submit(ctx, client, text, func(spec *tss.TaskSpec) { spec.Retry = tss.Retries(3) })
	if err != nil {
		return err
	}
	fmt.Println("submitted", task.ID)
	for info, err := range task.Watch(ctx) {
		if err != nil {
			return err
		}
		fmt.Println(info.Status)
	}
	result, err := task.Result(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%+v\n", result)
	return nil
}
