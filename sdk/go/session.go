package tss

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/tss/tss/sdk/go/tsspb"
)

const (
	// reconnectPause lies before the next try: doubled each time up to longestPause, jittered.
	reconnectPause = 100 * time.Millisecond
	// refusalPatience is how long a worker that was greeted before believes that a refusal may mend itself.
	refusalPatience = time.Minute
	// closePatience is how long a coordinator may take to end its side.
	closePatience = time.Second
)

// session is the worker's side of a session with the coordinator. It connects until it is closed, and takes up its session
// and everything it holds each time.
type session struct {
	workers tsspb.WorkerServiceClient
	info    *tsspb.WorkerInfo
	floor   *floor
	logger  *slog.Logger
	outbox  outbox
	closing chan struct{}
	over    chan struct{}
	// interval tells the writer of the open stream how often to give a sign of life; only the reader writes to it.
	interval chan time.Duration

	mu sync.Mutex
	id string
	// greeted: the stream that is open was welcomed; known: some stream was; named: a hello had the id.
	greeted, known, named bool
	// credit is leases that may still come on what was offered; told is what the coordinator knows of it.
	credit, told int
	draining     bool
	pause        time.Duration
	refusedSince time.Time
	term         time.Duration
	// beats are when each unanswered sign of life was sent; heardAt when the newest that is known to have been heard was.
	beats   []time.Time
	heardAt time.Time
}

func newSession(client *Client, info *tsspb.WorkerInfo) *session {
	return &session{
		workers: tsspb.NewWorkerServiceClient(client.conn), info: info, logger: client.logger, outbox: newOutbox(),
		closing: make(chan struct{}), over: make(chan struct{}),
		id: newSessionID(), pause: reconnectPause, heardAt: time.Now(),
	}
}

// newSessionID is chosen here: a coordinator that dies before its welcome arrives knows the worker by it when it is back.
func newSessionID() string {
	id := make([]byte, 15)
	rand.Read(id)
	return "w_" + base64.RawURLEncoding.EncodeToString(id)
}

// run returns when the session was closed, or with the refusal that no waiting mends.
func (s *session) run(ctx context.Context) error {
	defer close(s.over)
	for {
		err := s.connect(ctx)
		s.disconnected()
		if ctx.Err() != nil || s.isClosing() {
			return nil
		}
		if s.isFinal(err) {
			return err
		}
		pause := s.nextPause()
		s.logger.Warn("the worker is not connected", "error", err, "retry_in", pause)
		select {
		case <-time.After(pause):
		case <-s.closing:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// connect lives for one stream.
func (s *session) connect(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var writer sync.WaitGroup
	// The writer of this stream must not take what is meant for the next one.
	defer writer.Wait()
	defer cancel()
	stream, err := s.workers.Work(ctx)
	if err != nil {
		return err
	}
	if err := stream.Send(s.hello()); err != nil {
		_, err = stream.Recv()
		return err
	}
	s.interval = make(chan time.Duration, 1)
	writer.Add(1)
	go func() {
		defer writer.Done()
		s.write(ctx, cancel, stream, s.interval)
	}()
	for {
		response, err := stream.Recv()
		if err != nil {
			return asError(err)
		}
		if err := protocolProblem(response.GetWelcome()); err != nil {
			return err
		}
		s.take(response)
	}
}

func (s *session) hello() *tsspb.WorkRequest {
	held := s.floor.heldLeases()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = s.credit
	if s.draining {
		s.told = 0
	}
	again := s.named
	s.named = true
	return &tsspb.WorkRequest{
		Hello:    &tsspb.Hello{Worker: s.info, SessionId: s.id, Held: held, Credit: uint32(s.told), Again: again},
		Draining: s.draining,
	}
}

func (s *session) take(response *tsspb.WorkResponse) {
	if welcome := response.GetWelcome(); welcome != nil {
		s.welcomed(welcome)
	} else {
		s.heard()
	}
	s.used(len(response.GetLeases()))
	s.floor.leases(response.GetLeases())
	s.floor.acknowledged(response.GetOutcomeAcks())
	for _, order := range response.GetCancels() {
		cause, known := orders[order.GetReason()]
		if !known {
			cause = ErrAborted
		}
		s.floor.stop(leaseKey{order.GetId(), order.GetFencingToken()}, cause)
	}
	if response.GetDrain() {
		s.floor.pause()
	}
}

// orders say what a handler is told.
var orders = map[tsspb.TaskReason]error{
	tsspb.TaskReason_TASK_REASON_TIMED_OUT: ErrTimedOut,
	tsspb.TaskReason_TASK_REASON_HEARTBEAT: ErrSilent,
	tsspb.TaskReason_TASK_REASON_LOCK_LOST: ErrLockLost,
	tsspb.TaskReason_TASK_REASON_LOST:      ErrLost,
}

func (s *session) welcomed(welcome *tsspb.Welcome) {
	s.mu.Lock()
	s.id, s.pause, s.heardAt = welcome.GetSessionId(), reconnectPause, time.Now()
	s.greeted, s.known = true, true
	s.refusedSince = time.Time{}
	s.term = positive(welcome.GetLeaseTtl().AsDuration(), 15*time.Second)
	every := positive(welcome.GetHeartbeatInterval().AsDuration(), s.term/3)
	// What was offered, and decided, between hello and welcome. Who offers at this moment waits: then it is heard.
	s.outbox.open(&tsspb.WorkRequest{Credit: uint32(max(0, s.credit-s.told)), Draining: s.draining})
	s.told = s.credit
	s.mu.Unlock()
	select {
	case s.interval <- every:
	default:
	}
	s.logger.Info("the worker is connected", "session", welcome.GetSessionId(), "server_version", welcome.GetServerVersion())
	s.floor.connected(welcome.GetRefused())
}

// heard notes a response: one that joins several answers takes the oldest sign of life off.
func (s *session) heard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.beats) > 0 {
		s.heardAt = s.beats[0]
		s.beats = s.beats[1:]
	}
}

func (s *session) used(leases int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.credit -= leases
	s.told -= leases
}

func (s *session) disconnected() {
	s.outbox.shut()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.greeted, s.beats = false, nil
}

// isFinal: another try cannot mend it. One that was greeted before hopes for a while.
func (s *session) isFinal(err error) bool {
	var known *Error
	errors.As(err, &known)
	switch known.Code {
	case codes.Unauthenticated, codes.PermissionDenied, codes.InvalidArgument, codes.Unimplemented:
	default:
		if !isTooFar(known) {
			return false
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refusedSince.IsZero() {
		s.refusedSince = time.Now()
	}
	return !s.known || time.Since(s.refusedSince) > refusalPatience
}

func (s *session) nextPause() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	pause := jitter(s.pause)
	s.pause = min(2*s.pause, longestPause)
	return pause
}

func (s *session) isClosing() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}
