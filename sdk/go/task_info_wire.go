package tss

import "github.com/tss/tss/sdk/go/tsspb"

func taskInfo(wire *tsspb.Task) *TaskInfo {
	info := &TaskInfo{
		ID:                wire.GetId(),
		Name:              wire.GetName(),
		Queue:             wire.GetQueue(),
		Priority:          int(wire.GetPriority()),
		Status:            statusOf(wire.GetStatus()),
		Reason:            reasonOf(wire.GetReason()),
		Type:              wire.GetType(),
		Labels:            wire.GetLabels(),
		CreatedAt:         timeOf(wire.GetCreatedAt()),
		UpdatedAt:         timeOf(wire.GetUpdatedAt()),
		RunAt:             timeOf(wire.GetRunAt()),
		StartedAt:         timeOf(wire.GetStartedAt()),
		EndedAt:           timeOf(wire.GetEndedAt()),
		NextAttemptAt:     timeOf(wire.GetNextAttemptAt()),
		Attempt:           int(wire.GetAttempt()),
		MaxAttempts:       int(wire.GetMaxAttempts()),
		ExitCode:          exitCode(wire.ExitCode),
		Error:             taskError(wire.GetError()),
		Result:            payloadOf(wire.GetResult()),
		RetryOf:           wire.GetRetryOf(),
		RetriedAs:         wire.GetRetriedAs(),
		CancelRequestedAt: timeOf(wire.GetCancelRequestedAt()),
		SubmittedBy:       wire.GetSubmittedBy(),
	}
	if progress := wire.GetProgress(); progress != nil {
		info.Progress = &Progress{progress.GetPercent(), progress.GetMessage(), timeOf(progress.GetAt())}
	}
	for _, attempt := range wire.GetAttempts() {
		info.Attempts = append(info.Attempts, attemptInfo(attempt))
	}
	for _, message := range wire.GetMessages() {
		info.Messages = append(info.Messages, Message{timeOf(message.GetAt()), message.GetText(), int(message.GetAttempt())})
	}
	return info
}

func attemptInfo(wire *tsspb.Attempt) AttemptInfo {
	return AttemptInfo{
		Number:       int(wire.GetNumber()),
		Outcome:      outcomeOf(wire.GetOutcome()),
		Reason:       reasonOf(wire.GetReason()),
		WorkerName:   wire.GetWorkerName(),
		FencingToken: wire.GetFencingToken(),
		LeasedAt:     timeOf(wire.GetLeasedAt()),
		StartedAt:    timeOf(wire.GetStartedAt()),
		EndedAt:      timeOf(wire.GetEndedAt()),
		ExitCode:     exitCode(wire.ExitCode),
		Signal:       wire.GetSignal(),
		Error:        taskError(wire.GetError()),
		Survivors:    int(wire.GetSurvivors()),
		Locks:        lockTokens(wire.GetLocks()),
	}
}

// lockTokens are the tokens by name; nil: it holds none.
func lockTokens(wire []*tsspb.TaskLock) map[string]int64 {
	var tokens map[string]int64
	for _, lock := range wire {
		if tokens == nil {
			tokens = make(map[string]int64, len(wire))
		}
		tokens[lock.GetName()] = lock.GetToken()
	}
	return tokens
}

func taskError(wire *tsspb.TaskError) *TaskError {
	if wire == nil {
		return nil
	}
	return &TaskError{wire.GetType(), wire.GetMessage()}
}

func exitCode(wire *int32) *int {
	if wire == nil {
		return nil
	}
	return Some(int(*wire))
}
