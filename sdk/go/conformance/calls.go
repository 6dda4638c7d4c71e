package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	tss "github.com/tss/tss/sdk/go"
)

// arguments of all calls to the program that submits.
type arguments struct {
	ID        string
	Task      taskJSON
	Tasks     []taskJSON
	Codecs    []string
	TimeoutMs *float64
	Queue     string
	Status    []tss.Status
	Type      string
	Labels    []string
}

type doing = func(ctx context.Context, with json.RawMessage) (any, error)

func (p *program) calls() map[string]doing {
	return map[string]doing{
		"submit":     p.with(submit),
		"submitMany": p.with(submitMany),
		"get":        p.with(get),
		"wait":       p.with(wait),
		"result":     p.with(result),
		"cancel":     p.with(cancel),
		"retry":      p.with(retry),
		"list":       p.with(list),
		"watch":      p.with(watch),
		"explain":    p.with(explain),
		"work":       p.work,
		"drain":      p.drain,
		"release":    p.release,
	}
}

// with gives a call the client that has its codecs.
func (p *program) with(do func(context.Context, *tss.Client, arguments) (any, error)) doing {
	return func(ctx context.Context, with json.RawMessage) (any, error) {
		asked, err := read[arguments](with)
		if err != nil {
			return nil, err
		}
		client, err := p.clients.of(tss.ClientOptions{}, asked.Codecs)
		if err != nil {
			return nil, err
		}
		return do(ctx, client, asked)
	}
}

func submit(ctx context.Context, client *tss.Client, asked arguments) (any, error) {
	handle, err := client.Submit(ctx, asked.Task.spec())
	if err != nil {
		return nil, err
	}
	return object{"id": handle.ID, "duplicate": handle.Duplicate}, nil
}

func submitMany(ctx context.Context, client *tss.Client, asked arguments) (any, error) {
	specs := make([]tss.TaskSpec, len(asked.Tasks))
	for at := range asked.Tasks {
		specs[at] = asked.Tasks[at].spec()
	}
	handles, err := client.SubmitMany(ctx, specs)
	var batch *tss.BatchError
	if err != nil && !errors.As(err, &batch) {
		return nil, err
	}
	results := make([]object, len(handles))
	for at, handle := range handles {
		if handle == nil {
			results[at] = object{"error": describeError(batch.Failed[at])}
		} else {
			results[at] = object{"id": handle.ID, "duplicate": handle.Duplicate}
		}
	}
	return object{"results": results}, nil
}

func get(ctx context.Context, client *tss.Client, asked arguments) (any, error) {
	return shown(client.Task(asked.ID).Get(ctx))
}

func wait(ctx context.Context, client *tss.Client, asked arguments) (any, error) {
	if asked.TimeoutMs != nil {
		limited, cancel := context.WithTimeout(ctx, time.Duration(*asked.TimeoutMs*float64(time.Millisecond)))
		defer cancel()
		ctx = limited
	}
	return shown(client.Task(asked.ID).Wait(ctx))
}

func result(ctx context.Context, client *tss.Client, asked arguments) (any, error) {
	handle := client.Task(asked.ID)
	var value any
	if err := handle.Result(ctx, &value); err != nil {
		return nil, err
	}
	info, err := handle.Get(ctx)
	switch bytes, native := value.([]byte); {
	case err != nil:
		return nil, err
	case info.Result == nil:
		return object{}, nil
	case native:
		return object{"valueBase64": bytes}, nil
	default:
		return object{"value": value}, nil
	}
}

func cancel(ctx context.Context, client *tss.Client, asked arguments) (any, error) {
	return shown(client.Task(asked.ID).Cancel(ctx))
}

func retry(ctx context.Context, client *tss.Client, asked arguments) (any, error) {
	handle, err := client.Task(asked.ID).Retry(ctx)
	if err != nil {
		return nil, err
	}
	return object{"id": handle.ID}, nil
}

func list(ctx context.Context, client *tss.Client, asked arguments) (any, error) {
	filter := tss.TaskFilter{Queue: asked.Queue, Status: asked.Status, Type: asked.Type, Labels: asked.Labels}
	tasks := []object{}
	for info, err := range client.List(ctx, filter) {
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, showTask(info))
	}
	return object{"tasks": tasks}, nil
}

func watch(ctx context.Context, client *tss.Client, asked arguments) (any, error) {
	var statuses []tss.Status
	for info, err := range client.Task(asked.ID).Watch(ctx) {
		if err != nil {
			return nil, err
		}
		if len(statuses) == 0 || statuses[len(statuses)-1] != info.Status {
			statuses = append(statuses, info.Status)
		}
	}
	return object{"statuses": statuses}, nil
}

func explain(ctx context.Context, client *tss.Client, asked arguments) (any, error) {
	explanation, err := client.Task(asked.ID).Explain(ctx)
	if err != nil {
		return nil, err
	}
	causes := []object{}
	for _, cause := range explanation.Causes {
		causes = append(causes, object{"code": cause.Code, "message": cause.Message, "action": cause.Action})
	}
	return object{"summary": explanation.Summary, "explanations": causes}, nil
}
