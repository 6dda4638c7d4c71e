package tss

import (
	"fmt"

	"google.golang.org/grpc/codes"

	"github.com/tss/tss/sdk/go/tsspb"
)

// workerProtocol is the version of the worker protocol that is spoken here, the same as in proto/worker-protocol.ts.
const workerProtocol = 1

// Reasons of refusals between releases that have no version of the protocol in common, seen from the worker.
const (
	reasonTooOld = "VERSION_TOO_OLD"
	reasonTooNew = "VERSION_TOO_NEW"
)

func isTooFar(err *Error) bool { return err.Reason == reasonTooOld || err.Reason == reasonTooNew }

// protocolProblem is what is wrong with the version that a coordinator goes on with; one that says none goes on with 1.
func protocolProblem(welcome *tsspb.Welcome) error {
	chosen := welcome.GetProtocol()
	if chosen == 0 || chosen == workerProtocol {
		return nil
	}
	reason := reasonTooNew
	if chosen > workerProtocol {
		reason = reasonTooOld
	}
	message := fmt.Sprintf("The coordinator (version %s) goes on with version %d of the worker protocol, and this worker speaks version %d: use releases that are nearer to each other.",
		welcome.GetServerVersion(), chosen, workerProtocol)
	return &Error{Code: codes.FailedPrecondition, Reason: reason, Message: message}
}
