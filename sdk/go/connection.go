package tss

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/health" // Asks for health, as amongServing says.
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
)

const (
	// unaryTimeout ends a call whose context has no deadline.
	unaryTimeout = 30 * time.Second
	// receiveBytes is far above what the coordinator sends in one message (4 MiB).
	receiveBytes = 16 << 20
	// keepaliveEvery is above the shortest interval the coordinator allows (10 s).
	keepaliveEvery   = 15 * time.Second
	keepaliveTimeout = 5 * time.Second
	// amongServing spreads calls over the addresses whose health (grpc.health.v1) is SERVING.
	amongServing = `{"loadBalancingConfig":[{"round_robin":{}}],"healthCheckConfig":{"serviceName":""}}`
)

// openConnection prepares the one way to a coordinator; it connects with the first call. Failures of its calls are *Error.
func openConnection(addresses []string, apiKey string, config *tls.Config) (*grpc.ClientConn, error) {
	shown := strings.Join(addresses, ", ")
	security := insecure.NewCredentials()
	if config != nil {
		security = credentials.NewTLS(config)
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(security),
		grpc.WithPerRPCCredentials(bearer(apiKey)),
		grpc.WithUserAgent("tss-go"),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(receiveBytes)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepaliveEvery, Timeout: keepaliveTimeout}),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
		grpc.WithChainUnaryInterceptor(unaryErrors(shown)),
		grpc.WithChainStreamInterceptor(streamErrors(shown)),
	}
	if len(addresses) == 1 {
		return grpc.NewClient("passthrough:///"+addresses[0], options...)
	}
	// Calls go to those that say that they serve: one that stands by or leaves answers too, and refuses. A proxy is chosen by
	// one name, so there is none here.
	state := resolver.State{}
	for _, address := range addresses {
		host, _, _ := net.SplitHostPort(address)
		state.Addresses = append(state.Addresses, resolver.Address{Addr: address, ServerName: host})
	}
	builder := manual.NewBuilderWithScheme("tss")
	builder.InitialState(state)
	options = append(options, grpc.WithResolvers(builder), grpc.WithNoProxy(), grpc.WithDefaultServiceConfig(amongServing))
	return grpc.NewClient("tss:///coordinator", options...)
}

func unaryErrors(addresses string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
		call := ctx
		if _, has := ctx.Deadline(); !has {
			limited, cancel := context.WithTimeout(ctx, unaryTimeout)
			defer cancel()
			call = limited
		}
		return callError(ctx, invoke(call, method, request, reply, conn, options...), addresses)
	}
}

func streamErrors(addresses string) grpc.StreamClientInterceptor {
	return func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
		stream, err := open(ctx, desc, conn, method, options...)
		if err != nil {
			return nil, callError(ctx, err, addresses)
		}
		return &errorStream{stream, ctx, addresses}, nil
	}
}

// errorStream gives the errors of a stream where it is read; writing to a broken one only says io.EOF.
type errorStream struct {
	grpc.ClientStream
	caller    context.Context
	addresses string
}

func (s *errorStream) RecvMsg(message any) error {
	return callError(s.caller, s.ClientStream.RecvMsg(message), s.addresses)
}
