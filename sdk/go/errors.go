package tss

import (
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Error is a call that was refused or failed. Its text is one sentence for people.
type Error struct {
	Code codes.Code
	// Reason is a stable name for programs, UPPER_SNAKE_CASE; empty where the code says it all.
	Reason  string
	Message string
	// Violations are the fields that are wrong, with ErrInvalid.
	Violations []FieldViolation
	// RetryAfter is when the caller may try again; zero: nothing was said.
	RetryAfter time.Duration
	cause      error
}

// FieldViolation is one field of a request and what is wrong with it.
type FieldViolation struct {
	// Field is a path in the names of the protocol, e.g. "tasks[3].name".
	Field string
	// Description is one sentence: what is wrong and what is allowed.
	Description string
}

// Kinds of Error, for errors.Is.
var (
	ErrInvalid          = &Error{Code: codes.InvalidArgument}
	ErrNotFound         = &Error{Code: codes.NotFound}
	ErrAlreadyExists    = &Error{Code: codes.AlreadyExists}
	ErrPrecondition     = &Error{Code: codes.FailedPrecondition}
	ErrExhausted        = &Error{Code: codes.ResourceExhausted}
	ErrUnavailable      = &Error{Code: codes.Unavailable}
	ErrDeadline         = &Error{Code: codes.DeadlineExceeded}
	ErrCanceled         = &Error{Code: codes.Canceled}
	ErrUnauthenticated  = &Error{Code: codes.Unauthenticated}
	ErrPermissionDenied = &Error{Code: codes.PermissionDenied}
)

func (e *Error) Error() string {
	if e.Message == "" {
		return "tss: " + e.Code.String()
	}
	return e.Message
}

// Unwrap gives what made the call fail, such as the end of its context.
func (e *Error) Unwrap() error { return e.cause }

// Is holds for the kinds above, and for one kind with a Reason.
func (e *Error) Is(target error) bool {
	kind, ok := target.(*Error)
	return ok && kind.Message == "" && kind.Code == e.Code && (kind.Reason == "" || kind.Reason == e.Reason)
}

// GRPCStatus lets status.FromError and status.Code of grpc-go see the code.
func (e *Error) GRPCStatus() *status.Status { return status.New(e.Code, e.Message) }

func invalid(field, description string) *Error {
	return &Error{
		Code:       codes.InvalidArgument,
		Message:    field + " " + description,
		Violations: []FieldViolation{{Field: field, Description: description}},
	}
}

// errEnded is a stream that the coordinator ended without a reason.
var errEnded = &Error{Code: codes.Unavailable, Message: "The coordinator ended the stream."}
