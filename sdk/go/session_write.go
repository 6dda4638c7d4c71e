package tss

import (
	"context"
	"runtime"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tss/tss/sdk/go/tsspb"
)

// write sends what gathers in the outbox, and signs of life, until the stream is over.
func (s *session) write(ctx context.Context, cancel context.CancelFunc, stream tsspb.WorkerService_WorkClient, interval <-chan time.Duration) {
	var beat <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case every := <-interval:
			ticker := time.NewTicker(every)
			defer ticker.Stop()
			beat = ticker.C
		case <-beat:
			s.noteBeat()
			// A broken stream is told by its reader.
			_ = stream.Send(&tsspb.WorkRequest{})
		case <-s.outbox.bell:
			// Handlers that end at this moment travel along.
			runtime.Gosched()
			s.flush(stream)
		case <-s.closing:
			s.flush(stream)
			_ = stream.CloseSend()
			time.AfterFunc(closePatience, cancel)
			return
		}
	}
}

func (s *session) flush(stream tsspb.WorkerService_WorkClient) {
	for _, message := range s.outbox.take() {
		_ = stream.Send(message)
	}
}

func (s *session) noteBeat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beats = append(s.beats, time.Now())
}

// reportBytes is about what a report takes beside its result and its error.
const reportBytes = 256

// offer accepts that many leases more.
func (s *session) offer(count int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.credit += count
	if s.greeted {
		s.told += count
		s.outbox.say(0, func(message *tsspb.WorkRequest) { message.Credit += uint32(count) })
	}
}

func (s *session) outcomes(reports ...*tsspb.OutcomeReport) {
	for _, report := range reports {
		bytes := reportBytes + len(report.GetResult().GetData()) + len(report.GetError().GetMessage())
		s.outbox.say(bytes, func(message *tsspb.WorkRequest) {
			message.Outcomes = append(message.Outcomes, report)
		})
	}
}

// started tells of those that still run.
func (s *session) started(attempts []*attempt) {
	for _, a := range attempts {
		if !a.isEnded() {
			report := &tsspb.StartReport{Id: a.key.id, FencingToken: a.key.token, StartedAt: timestamppb.New(a.started)}
			s.outbox.say(0, func(message *tsspb.WorkRequest) { message.Starts = append(message.Starts, report) })
		}
	}
}

// progress is left out where the coordinator does not read: the next one says more.
func (s *session) progress(report *tsspb.ProgressReport) {
	if s.outbox.isFull() {
		return
	}
	bytes := len(report.GetMessage())
	for _, text := range report.GetMessages() {
		bytes += len(text)
	}
	s.outbox.say(bytes, func(message *tsspb.WorkRequest) { message.Progress = append(message.Progress, report) })
}

// drain wants nothing more.
func (s *session) drain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true
	s.credit = 0
	s.outbox.say(0, func(message *tsspb.WorkRequest) { message.Draining = true })
}

// close says good-bye and waits for the coordinator's side, for a while.
func (s *session) close() {
	close(s.closing)
	select {
	case <-s.over:
	case <-time.After(2 * closePatience):
	}
}
