package tss

import "context"

// TaskType is the name of a kind of work with the types of what goes in and what comes out: clients and workers share it.
//
//	var Resize = tss.NewTaskType[Photo, Thumbnail]("image.resize")
type TaskType[In, Out any] struct{ name string }

// None is the input or result of a type that has none.
type None = struct{}

// NewTaskType names a kind of work: 1–200 printable characters.
func NewTaskType[In, Out any](name string) TaskType[In, Out] { return TaskType[In, Out]{name} }

// Name is what NewTaskType was given.
func (t TaskType[In, Out]) Name() string { return t.name }

// Spec is a task of this type, to be given options and submitted.
func (t TaskType[In, Out]) Spec(input In) TaskSpec {
	spec := TaskSpec{Type: t.name}
	if _, none := any(input).(None); !none {
		spec.Input = input
	}
	return spec
}

// Submit hands over a task of this type; options change what is asked for before it leaves.
func (t TaskType[In, Out]) Submit(ctx context.Context, client *Client, input In, options ...func(*TaskSpec)) (*TypedHandle[Out], error) {
	spec := t.Spec(input)
	for _, change := range options {
		change(&spec)
	}
	handle, err := client.Submit(ctx, spec)
	if err != nil {
		return nil, err
	}
	return &TypedHandle[Out]{handle}, nil
}

// Handle gives the worker what runs tasks of this type; see the function Handle.
func (t TaskType[In, Out]) Handle(worker *Worker, run func(context.Context, *Task[In]) (Out, error)) {
	Handle(worker, t.name, run)
}

// Task makes a handle of an id; nothing is asked yet.
func (t TaskType[In, Out]) Task(client *Client, id string) *TypedHandle[Out] {
	return &TypedHandle[Out]{client.Task(id)}
}

// TypedHandle is a TaskHandle that knows the type of its result.
type TypedHandle[Out any] struct{ *TaskHandle }

// Result waits for the end and gives what the handler gave back. A task that failed or was cancelled gives a
// *TaskFailedError.
func (h *TypedHandle[Out]) Result(ctx context.Context) (Out, error) {
	var result Out
	err := h.TaskHandle.Result(ctx, &result)
	return result, err
}
