package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	tss "github.com/tss/tss/sdk/go"
)

type workArguments struct {
	Worker  string
	Queues  []string
	Slots   int
	Address string
	APIKey  string
	Codecs  []string
	GraceMs *float64
	Task    string
}

// workers that run, by name.
type workers struct {
	mu      sync.Mutex
	running map[string]*tss.Worker
}

func (w *workers) add(name string, worker *tss.Worker) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running == nil {
		w.running = map[string]*tss.Worker{}
	}
	w.running[name] = worker
}

func (w *workers) take(name string) *tss.Worker {
	w.mu.Lock()
	defer w.mu.Unlock()
	worker := w.running[name]
	delete(w.running, name)
	return worker
}

func (w *workers) drainAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all sync.WaitGroup
	for _, worker := range w.running {
		all.Add(1)
		go func() {
			defer all.Done()
			worker.Shutdown(context.Background())
		}()
	}
	all.Wait()
}

func (p *program) work(ctx context.Context, with json.RawMessage) (any, error) {
	asked, err := read[workArguments](with)
	if err != nil {
		return nil, err
	}
	client, err := p.clients.of(tss.ClientOptions{Address: asked.Address, APIKey: asked.APIKey}, asked.Codecs)
	if err != nil {
		return nil, err
	}
	worker := tss.NewWorker(client, tss.WorkerOptions{Name: asked.Worker, Queues: asked.Queues, Slots: asked.Slots})
	tss.Handle(worker, "conformance.echo", func(_ context.Context, task *tss.Task[any]) (any, error) { return task.Input, nil })
	tss.Handle(worker, "conformance", p.conformance(asked.Worker))
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(ctx) }()
	select {
	case err := <-ended:
		return nil, err
	case <-worker.Ready():
		p.workers.add(asked.Worker, worker)
		return object{}, nil
	}
}

func (p *program) drain(ctx context.Context, with json.RawMessage) (any, error) {
	asked, err := read[workArguments](with)
	if err != nil {
		return nil, err
	}
	worker := p.workers.take(asked.Worker)
	if worker == nil {
		return nil, fmt.Errorf("there is no worker %q", asked.Worker)
	}
	if asked.GraceMs != nil {
		limited, cancel := context.WithTimeout(ctx, milliseconds(*asked.GraceMs))
		defer cancel()
		ctx = limited
	}
	worker.Shutdown(ctx)
	return object{}, nil
}

func (p *program) release(_ context.Context, with json.RawMessage) (any, error) {
	asked, err := read[workArguments](with)
	if err != nil {
		return nil, err
	}
	p.gates.release(asked.Task)
	return object{}, nil
}

// gates hold handlers until their task is released; a released task stays so.
type gates struct {
	mu   sync.Mutex
	open map[string]chan struct{}
}

func (g *gates) of(task string) chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open == nil {
		g.open = map[string]chan struct{}{}
	}
	if g.open[task] == nil {
		g.open[task] = make(chan struct{})
	}
	return g.open[task]
}

func (g *gates) release(task string) {
	gate := g.of(task)
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-gate:
	default:
		close(gate)
	}
}
