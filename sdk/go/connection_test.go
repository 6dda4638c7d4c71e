package tss_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	tss "github.com/tss/tss/sdk/go"
)

// clientOf is a client that nothing is asked of when it cannot be made.
func clientOf(t *testing.T, options tss.ClientOptions) (*tss.Client, error) {
	t.Helper()
	options.Logger = quiet
	client, err := tss.NewClient(options)
	if err == nil {
		t.Cleanup(func() { client.Close() })
	}
	return client, err
}

var nobodies atomic.Int32

// nobody is an address that nothing listens at: of the ports that systems give to nobody who asks for any.
func nobody(t *testing.T) string {
	t.Helper()
	return fmt.Sprint("127.0.0.1:", nobodies.Add(1))
}

func TestOneSentenceWhenNoCoordinatorAnswers(t *testing.T) {
	first, second := nobody(t), nobody(t)
	client, err := clientOf(t, tss.ClientOptions{Address: first + ", " + second, SubmitTimeout: 2 * time.Second})
	check(t, err)
	want := "No coordinator answers at " + first + ", " + second + " (connection refused); start one, or correct TSS_COORDINATOR."
	short, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	err = client.Ready(short)
	if !errors.Is(err, tss.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) || err.Error() != want {
		t.Errorf("got %v", err)
	}
	_, err = client.Submit(within(t), tss.TaskSpec{Command: "true"})
	if !errors.Is(err, tss.ErrUnavailable) || err.Error() != "The task was not sent in time ("+strings.TrimSuffix(want, ".")+"); it was not accepted." {
		t.Errorf("got %v", err)
	}
	lost, err := clientOf(t, tss.ClientOptions{Address: "no-such-host.invalid:7400"})
	check(t, err)
	_, err = lost.Task("x").Get(within(t))
	if err == nil || !strings.HasPrefix(err.Error(), "No coordinator answers at no-such-host.invalid:7400 (") {
		t.Errorf("got %v", err)
	}
}

func TestOfSeveralAddressesTheOneThatAnswersIsUsed(t *testing.T) {
	client := newClient(t, tss.ClientOptions{Address: nobody(t) + "," + system.Address, APIKey: system.Key})
	check(t, client.Ready(within(t)))
	_, err := client.Submit(within(t), tss.TaskSpec{Command: "true"})
	check(t, err)
}

func TestAddressesThatAreNone(t *testing.T) {
	for _, address := range []string{"localhost", "127.0.0.1:7400,", "127.0.0.1:port", ":7400", "::1", "a:70000", "a:0"} {
		_, err := clientOf(t, tss.ClientOptions{Address: address})
		if !errors.Is(err, tss.ErrInvalid) || !strings.Contains(err.Error(), "is not host:port, such as 127.0.0.1:7400.") {
			t.Errorf("%s: got %v", address, err)
		}
	}
	_, err := clientOf(t, tss.ClientOptions{Address: "[::1]:7400"})
	check(t, err)
}

func TestTheKeyOfThisMachineIsReadForThisMachineOnly(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"TSS_API_KEY", "TSS_CREDENTIALS", "TSS_COORDINATOR", "TSS_TLS_CA"} {
		t.Setenv(name, "")
	}
	check(t, os.MkdirAll(".tss", 0o700))
	file := filepath.Join(".tss", "credentials")
	check(t, os.WriteFile(file, []byte(system.Key+"\n"), 0o600))
	list := func(address string) error {
		client, err := clientOf(t, tss.ClientOptions{Address: address})
		if err != nil {
			return err
		}
		for _, err := range client.List(within(t), tss.TaskFilter{}) {
			return err
		}
		return nil
	}
	t.Setenv("TSS_COORDINATOR", system.Address)
	check(t, list(""))
	// The same coordinator by a name that need not be this machine's.
	_, port, err := net.SplitHostPort(system.Address)
	check(t, err)
	host, err := os.Hostname()
	check(t, err)
	if err := list(host + ":" + port); err == nil {
		t.Error("the key was sent to a host that is not loopback")
	}
	t.Setenv("TSS_CREDENTIALS", filepath.Join(t.TempDir(), "none"))
	if err := list(""); !errors.Is(err, tss.ErrUnauthenticated) {
		t.Errorf("got %v", err)
	}
	t.Setenv("TSS_CREDENTIALS", "")
	check(t, os.Chmod(file, 0o644))
	if err := list(""); !errors.Is(err, &tss.Error{Code: tss.ErrPrecondition.Code, Reason: "CREDENTIALS_OPEN"}) ||
		err.Error() != "Others may read the key in ./.tss/credentials; close it: chmod 600 ./.tss/credentials" {
		t.Errorf("got %v", err)
	}
	t.Setenv("TSS_TLS_CA", "/no/such/file.pem")
	t.Setenv("TSS_API_KEY", system.Key)
	if err := list(""); err == nil || err.Error() != "TSS_TLS_CA names /no/such/file.pem, which cannot be read (no such file or directory)." {
		t.Errorf("got %v", err)
	}
	t.Setenv("TSS_TLS_CA", "-----BEGIN nothing")
	if err := list(""); err == nil || err.Error() != "TSS_TLS_CA holds no certificate in PEM." {
		t.Errorf("got %v", err)
	}
}

func TestAClosedClientRefuses(t *testing.T) {
	client := newClient(t, tss.ClientOptions{})
	check(t, client.Close())
	_, err := client.Submit(within(t), tss.TaskSpec{Command: "true"})
	if !errors.Is(err, tss.ErrPrecondition) {
		t.Errorf("got %v", err)
	}
	_, err = client.Task("x").Get(within(t))
	if err == nil {
		t.Error("a call over a closed connection was answered")
	}
}
