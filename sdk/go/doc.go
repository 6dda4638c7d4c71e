// Package tss is the Go SDK of TSS, the Task Scheduling System: a client that hands off tasks and follows them, and a
// worker that runs them.
//
//	client, err := tss.NewClient(tss.ClientOptions{})
//	task, err := client.Submit(ctx, tss.TaskSpec{Command: "convert in.png out.jpg"})
//	info, err := task.Wait(ctx)
//
// Both find the coordinator by TSS_COORDINATOR (else 127.0.0.1:7400) and their key by TSS_API_KEY (else the file
// TSS_CREDENTIALS, ./.tss/credentials, for a coordinator of this machine only).
//
// Every call takes a context: it ends the call, never the task. Every failure of a call is an *Error; errors.Is tells
// kinds apart (ErrNotFound, ErrInvalid …), errors.As gives fields and details.
package tss
