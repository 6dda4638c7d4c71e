package tss

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"google.golang.org/grpc/codes"
)

// readCredentials gives the key that tss dev keeps for the programs of its folder; "" when there is none.
func readCredentials(file string) (string, error) {
	about, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err == nil && runtime.GOOS != "windows" && about.Mode().Perm()&0o077 != 0 {
		message := fmt.Sprintf("Others may read the key in %s; close it: chmod 600 %s", file, file)
		return "", &Error{Code: codes.FailedPrecondition, Reason: "CREDENTIALS_OPEN", Message: message}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", unreadable("The key in "+file, err)
	}
	return strings.TrimSpace(string(text)), nil
}

func unreadable(subject string, err error) *Error {
	var path *fs.PathError
	why := err
	if errors.As(err, &path) {
		why = path.Err
	}
	return &Error{Code: codes.FailedPrecondition, Message: fmt.Sprintf("%s cannot be read (%v).", subject, why), cause: err}
}

// bearer is the key in the headers of every call.
type bearer string

func (key bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	if key == "" {
		return nil, nil
	}
	return map[string]string{"authorization": "Bearer " + string(key)}, nil
}

// RequireTransportSecurity allows plaintext: that is the choice of whoever runs the coordinator.
func (bearer) RequireTransportSecurity() bool { return false }
