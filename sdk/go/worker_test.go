package tss_test

import (
	"context"
	"testing"

	tss "github.com/tss/tss/sdk/go"
)

type number struct {
	N int `json:"n"`
}

type twice struct {
	Twice int `json:"twice"`
}

func TestATypedHandlerGetsItsInputAndGivesItsResult(t *testing.T) {
	double := tss.NewTaskType[number, twice]("double")
	client := newClient(t, tss.ClientOptions{})
	worker := tss.NewWorker(client, tss.WorkerOptions{})
	double.Handle(worker, func(_ context.Context, task *tss.Task[number]) (twice, error) {
		return twice{2 * task.Input.N}, nil
	})
	start(t, worker)
	ctx := within(t)
	task, err := double.Submit(ctx, client, number{21}, func(spec *tss.TaskSpec) { spec.Labels = map[string]string{"team": "web"} })
	check(t, err)
	result, err := task.Result(ctx)
	check(t, err)
	equal(t, result, twice{42})
	info, err := task.Get(ctx)
	check(t, err)
	equal(t, info.Status, tss.Succeeded)
	equal(t, info.Labels["team"], "web")
	equal(t, info.Attempts[0].Outcome, "succeeded")
}
