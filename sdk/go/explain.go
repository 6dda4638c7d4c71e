package tss

import (
	"context"

	"github.com/tss/tss/sdk/go/tsspb"
)

// Explanation is why a task stands where it stands.
type Explanation struct {
	Status Status
	Reason Reason
	// Summary is one sentence for people.
	Summary string
	// Causes, the most telling first.
	Causes []Cause
}

// Cause is one thing that holds a task.
type Cause struct {
	// Code is for programs, e.g. "no_worker".
	Code string
	// Message is one sentence: what holds it. Action: what to do.
	Message  string
	Action   string
	Evidence map[string]string
}

// Explain asks why the task is where it is.
func (h *TaskHandle) Explain(ctx context.Context) (*Explanation, error) {
	answer, err := h.client.tasks.ExplainTask(ctx, &tsspb.ExplainTaskRequest{Id: h.ID})
	if err != nil {
		return nil, err
	}
	made := &Explanation{
		Status:  statusOf(answer.GetStatus()),
		Reason:  reasonOf(answer.GetReason()),
		Summary: answer.GetSummary(),
	}
	for _, one := range answer.GetExplanations() {
		made.Causes = append(made.Causes, Cause{one.GetCode(), one.GetMessage(), one.GetAction(), one.GetEvidence()})
	}
	return made, nil
}
