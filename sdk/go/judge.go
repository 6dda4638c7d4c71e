package tss

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tss/tss/sdk/go/tsspb"
)

// panicError is a handler that did not return.
type panicError struct{ message string }

func (e *panicError) Error() string { return e.message }

// stops say how an attempt is reported that was told to stop.
var stops = map[error]struct {
	outcome tsspb.AttemptOutcome
	reason  tsspb.TaskReason
}{
	ErrAborted:  {tsspb.AttemptOutcome_ATTEMPT_OUTCOME_CANCELLED, tsspb.TaskReason_TASK_REASON_ABORTED},
	ErrTimedOut: {tsspb.AttemptOutcome_ATTEMPT_OUTCOME_FAILED, tsspb.TaskReason_TASK_REASON_TIMED_OUT},
	ErrSilent:   {tsspb.AttemptOutcome_ATTEMPT_OUTCOME_FAILED, tsspb.TaskReason_TASK_REASON_HEARTBEAT},
	ErrLockLost: {tsspb.AttemptOutcome_ATTEMPT_OUTCOME_FAILED, tsspb.TaskReason_TASK_REASON_LOCK_LOST},
	ErrDrained:  {tsspb.AttemptOutcome_ATTEMPT_OUTCOME_FAILED, tsspb.TaskReason_TASK_REASON_LOST},
	ErrLost:     {tsspb.AttemptOutcome_ATTEMPT_OUTCOME_FAILED, tsspb.TaskReason_TASK_REASON_LOST},
}

// judge makes the report of an attempt. A handler that returns without an error although it was told to stop has done
// its work; one that returns an error then was stopped, whatever the error.
func judge(report *tsspb.OutcomeReport, started, ended time.Time, stoppedBy error, result *tsspb.Payload, err error) *tsspb.OutcomeReport {
	report.StartedAt, report.EndedAt = timestamppb.New(started), timestamppb.New(ended)
	var unreadable *badInput
	var uncarried *badResult
	var later *retryLaterError
	var fatal *fatalError
	switch {
	case err == nil:
		report.Outcome, report.Result = tsspb.AttemptOutcome_ATTEMPT_OUTCOME_SUCCEEDED, result
		return report
	case stoppedBy != nil && !errors.As(err, &uncarried):
		report.Outcome, report.Reason = stops[stoppedBy].outcome, stops[stoppedBy].reason
		if stoppedBy != ErrAborted {
			report.Error = &tsspb.TaskError{Type: "StoppedError", Message: sentence(stoppedBy.Error())}
		}
		return report
	}
	report.Outcome = tsspb.AttemptOutcome_ATTEMPT_OUTCOME_FAILED
	report.Reason = tsspb.TaskReason_TASK_REASON_HANDLER_ERROR
	if errors.As(err, &uncarried) && errors.Is(err, &Error{Code: ErrInvalid.Code, Reason: "PAYLOAD_TOO_LARGE"}) {
		report.Reason = tsspb.TaskReason_TASK_REASON_RESULT_TOO_LARGE
	}
	report.NonRetryable = errors.As(err, &fatal) || errors.As(err, &uncarried) || errors.As(err, &unreadable)
	if errors.As(err, &later) {
		report.RetryAfter = durationpb.New(max(0, later.after))
	}
	report.Error = describeError(err)
	return report
}

// describeError is the type and sentence of an error, within the limits of the contract.
func describeError(err error) *tsspb.TaskError {
	name := errorType(err)
	message := err.Error()
	if message == "" {
		message = name
	}
	return &tsspb.TaskError{Type: cut(name, errorTypeCharacters), Message: cut(message, errorMessageBytes/4)}
}

// errorType is the name of the outermost error that says more than its text.
func errorType(err error) string {
	for one := err; one != nil; one = errors.Unwrap(one) {
		switch one.(type) {
		case *fatalError, *badInput:
			return "Fatal"
		case *retryLaterError:
			return "RetryLater"
		case *panicError:
			return "panic"
		case *badResult:
			continue
		}
		name := reflect.TypeOf(one).String()
		if !strings.HasPrefix(name, "*errors.") && !strings.HasPrefix(name, "*fmt.wrap") {
			return strings.TrimPrefix(name, "*")
		}
	}
	return "error"
}

// cut is at most that many characters, none of them U+0000 or broken.
func cut(text string, characters int) string {
	clean := strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	if utf8.RuneCountInString(clean) <= characters {
		return clean
	}
	return string([]rune(clean)[:characters-1]) + "…"
}

func sentence(text string) string {
	return fmt.Sprintf("%s%s.", strings.ToUpper(text[:1]), text[1:])
}
