package tss

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// callError is the error of a call as the coordinator put it; one that did not answer is named by its address.
func callError(ctx context.Context, err error, addresses string) error {
	var known *Error
	if err == nil || errors.Is(err, io.EOF) || errors.As(err, &known) {
		return err
	}
	answer, ok := status.FromError(err)
	if !ok {
		return &Error{Code: codes.Unknown, Message: err.Error(), cause: err}
	}
	if len(answer.Proto().GetDetails()) > 0 {
		return itemError(answer.Proto())
	}
	switch code := answer.Code(); {
	case ctx.Err() != nil && (code == codes.Canceled || code == codes.DeadlineExceeded):
		return contextError(ctx, "The call")
	case code == codes.Unavailable:
		return unreachable(addresses, answer.Message())
	case code == codes.DeadlineExceeded:
		message := fmt.Sprintf("The coordinator at %s did not answer in time.", addresses)
		return &Error{Code: code, Message: message, cause: err}
	default:
		return &Error{Code: code, Message: answer.Message(), cause: err}
	}
}

// itemError is an item's own error, as an answer to a list of items carries it.
func itemError(answer *rpcstatus.Status) *Error {
	made := &Error{Code: codes.Code(answer.GetCode()), Message: answer.GetMessage()}
	for _, detail := range answer.GetDetails() {
		message, err := detail.UnmarshalNew()
		if err != nil {
			continue
		}
		switch detail := message.(type) {
		case *errdetails.ErrorInfo:
			made.Reason = detail.GetReason()
		case *errdetails.RetryInfo:
			made.RetryAfter = detail.GetRetryDelay().AsDuration()
		case *errdetails.BadRequest:
			for _, violation := range detail.GetFieldViolations() {
				made.Violations = append(made.Violations, FieldViolation{violation.GetField(), violation.GetDescription()})
			}
		}
	}
	return made
}

// contextError says that the caller's context ended first; errors.Is finds the context's own error and its cause in it.
func contextError(ctx context.Context, what string) *Error {
	code, verb := codes.Canceled, "was given up"
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		code, verb = codes.DeadlineExceeded, "did not end in time"
	}
	cause := ctx.Err()
	if reason := context.Cause(ctx); !errors.Is(reason, cause) {
		cause = errors.Join(cause, reason)
	}
	return &Error{Code: code, Message: fmt.Sprintf("%s %s (%v).", what, verb, context.Cause(ctx)), cause: cause}
}

func unreachable(addresses, detail string) *Error {
	// "connection error: desc = \"transport: Error while dialing: dial tcp 127.0.0.1:7400: connect: connection refused\""
	why, _, _ := strings.Cut(detail, " (possibly")
	why = strings.Trim(why[strings.LastIndex(why, ": ")+1:], ` ".`)
	if why == "" {
		why = "no answer"
	}
	message := fmt.Sprintf("No coordinator answers at %s (%s); start one, or correct TSS_COORDINATOR.", addresses, why)
	return &Error{Code: codes.Unavailable, Message: message}
}
