package tss

import (
	"strings"
	"time"

	"github.com/tss/tss/sdk/go/tsspb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Status of a task.
type Status string

// There are no other statuses.
const (
	Waiting   Status = "waiting"
	Running   Status = "running"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	Cancelled Status = "cancelled"
)

// Reason is what lies behind a status or an outcome, e.g. "retrying"; docs/states.md has them all.
type Reason string

// Outcome is how an attempt ended: "succeeded", "failed", "cancelled" or "released"; empty: it has not.
type Outcome string

func statusOf(wire tsspb.TaskStatus) Status { return Status(word(wire.String(), "TASK_STATUS_")) }
func reasonOf(wire tsspb.TaskReason) Reason { return Reason(word(wire.String(), "TASK_REASON_")) }
func outcomeOf(wire tsspb.AttemptOutcome) Outcome {
	return Outcome(word(wire.String(), "ATTEMPT_OUTCOME_"))
}

// word is the name of a value as the contract writes it for programs: lower case.
func word(name, prefix string) string {
	if name == prefix+"UNSPECIFIED" {
		return ""
	}
	return strings.ToLower(strings.TrimPrefix(name, prefix))
}

// wireStatuses are the numbers of statuses.
func wireStatuses(statuses []Status) ([]tsspb.TaskStatus, error) {
	var wire []tsspb.TaskStatus
	for _, status := range statuses {
		value := tsspb.TaskStatus_value["TASK_STATUS_"+strings.ToUpper(string(status))]
		if value == 0 {
			return nil, invalid("status", "is \""+string(status)+"\"; it is waiting, running, succeeded, failed or cancelled.")
		}
		wire = append(wire, tsspb.TaskStatus(value))
	}
	return wire, nil
}

// timeOf is zero where the wire has nothing.
func timeOf(wire *timestamppb.Timestamp) time.Time {
	if wire == nil {
		return time.Time{}
	}
	return wire.AsTime()
}

func wireTime(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func wireDuration(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

// wireOptional sends what is given, zero too.
func wireOptional(d *time.Duration) *durationpb.Duration {
	if d == nil {
		return nil
	}
	return durationpb.New(*d)
}
