package tss

import (
	"context"
	"crypto/tls"
	"log/slog"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/tss/tss/sdk/go/tsspb"
)

// ClientOptions say where the coordinator is and how to talk to it. Zero values are the defaults.
type ClientOptions struct {
	// Address is host:port, or several separated by commas. Empty: TSS_COORDINATOR, else 127.0.0.1:7400.
	Address string
	// APIKey; empty: TSS_API_KEY, else for a coordinator of this machine the file TSS_CREDENTIALS, else ./.tss/credentials.
	APIKey string
	// TLS; nil: as TSS_TLS_CA, TSS_TLS_CLIENT_CERT and TSS_TLS_CLIENT_KEY say, else plaintext.
	TLS *tls.Config
	// Payload puts values into payloads; nil: bytes and JSON.
	Payload *PayloadCodec
	// SubmitTimeout fails a submit that has no answer for this long; zero: 30 s.
	SubmitTimeout time.Duration
	// BufferTasks and BufferBytes bound what waits to be sent: past them Submit waits. Zero: 100 000 and 64 MiB.
	BufferTasks int
	BufferBytes int
	// Logger hears of lost connections, by the worker too; nil: slog.Default().
	Logger *slog.Logger
}

// Client hands off tasks and follows them. Any number of goroutines may use it.
type Client struct {
	conn      *grpc.ClientConn
	tasks     tsspb.TaskServiceClient
	addresses string
	payload   *PayloadCodec
	logger    *slog.Logger
	submitter *submitter
	turns     *waitTurns
}

// NewClient reads the options and the environment; the client connects with its first call.
func NewClient(options ClientOptions) (*Client, error) {
	addresses, err := parseAddresses(firstText(options.Address, firstText(os.Getenv("TSS_COORDINATOR"), "127.0.0.1:7400")))
	if err != nil {
		return nil, err
	}
	apiKey := firstText(options.APIKey, os.Getenv("TSS_API_KEY"))
	if apiKey == "" && isLoopback(addresses) {
		if apiKey, err = readCredentials(firstText(os.Getenv("TSS_CREDENTIALS"), "./.tss/credentials")); err != nil {
			return nil, err
		}
	}
	config := options.TLS
	if config == nil {
		if config, err = environmentTLS(); err != nil {
			return nil, err
		}
	}
	conn, err := openConnection(addresses, apiKey, config)
	if err != nil {
		return nil, &Error{Code: codes.InvalidArgument, Message: err.Error(), cause: err}
	}
	client := &Client{
		conn:      conn,
		tasks:     tsspb.NewTaskServiceClient(conn),
		addresses: strings.Join(addresses, ", "),
		payload:   options.Payload,
		logger:    options.Logger,
		turns:     newWaitTurns(waits),
	}
	if client.payload == nil {
		client.payload = &PayloadCodec{serializers: []Serializer{Bytes{}, JSON{}}}
	}
	if client.logger == nil {
		client.logger = slog.Default()
	}
	client.submitter = newSubmitter(client.tasks, submitLimits{
		timeout: positive(options.SubmitTimeout, 30*time.Second),
		tasks:   positive(options.BufferTasks, 100_000),
		bytes:   positive(options.BufferBytes, 64<<20),
	})
	return client, nil
}

// Conn is for calls of the protocol that have no method here, with the stubs of package tsspb; failures are *Error too.
func (c *Client) Conn() grpc.ClientConnInterface { return c.conn }

// Ready returns when a coordinator answers. When the context ends first, the *Error of kind ErrUnavailable names the
// addresses and why none did.
func (c *Client) Ready(ctx context.Context) error {
	patience := newPatience()
	for {
		_, err := healthpb.NewHealthClient(c.conn).Check(ctx, &healthpb.HealthCheckRequest{})
		if err == nil {
			return nil
		}
		if again := patience.failed(ctx, err); again != nil {
			return again
		}
	}
}

// Close waits for the answers of what was submitted, then ends the connection. End the client's workers first.
func (c *Client) Close() error {
	c.submitter.close()
	if err := c.conn.Close(); status.Code(err) != codes.Canceled { // closed before
		return err
	}
	return nil
}

func positive[T ~int | ~int64](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}
