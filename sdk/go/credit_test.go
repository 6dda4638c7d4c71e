package tss

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tss/tss/sdk/go/tsspb"
)

// newQuietSession is a session without a wire.
func newQuietSession(slots int) *session {
	made := &session{outbox: newOutbox(), logger: slog.New(slog.DiscardHandler), interval: make(chan time.Duration, 1)}
	made.floor = newFloor(context.Background(), made, nil, slots, made.logger)
	made.floor.greeted = func() {}
	return made
}

func TestWhatIsDecidedBetweenHelloAndWelcomeIsSaidAfterIt(t *testing.T) {
	s := newQuietSession(3)
	s.floor.offer()
	if hello := s.hello().GetHello(); hello.GetCredit() != 3 {
		t.Fatalf("hello offers %d", hello.GetCredit())
	}
	s.welcomed(&tsspb.Welcome{SessionId: "w_1"})
	if said := s.outbox.take(); len(said) > 0 {
		t.Fatalf("it repeats itself: %v", said)
	}
	// Two leases come, the wire breaks, hello is said again; then one handler ends.
	s.used(2)
	s.floor.offered, s.floor.taken = 1, 2
	s.disconnected()
	if hello := s.hello().GetHello(); hello.GetCredit() != 1 {
		t.Fatalf("hello offers %d", hello.GetCredit())
	}
	s.floor.free()
	s.welcomed(&tsspb.Welcome{SessionId: "w_1"})
	if said := s.outbox.take(); len(said) != 1 || said[0].GetCredit() != 1 || said[0].GetDraining() {
		t.Fatalf("it says %v", said)
	}
	// The worker decides to leave while it is not connected.
	s.disconnected()
	hello := s.hello()
	s.floor.drain()
	s.welcomed(&tsspb.Welcome{SessionId: "w_1"})
	if said := s.outbox.take(); hello.GetDraining() || len(said) != 1 || !said[0].GetDraining() || said[0].GetCredit() != 0 {
		t.Fatalf("it says %v", said)
	}
	s.disconnected()
	if hello := s.hello(); !hello.GetDraining() || hello.GetHello().GetCredit() != 0 {
		t.Fatalf("hello says %v", hello)
	}
}

func TestAWorkerThatWasGreetedHopesForAWhileThatARefusalMendsItself(t *testing.T) {
	refused := &Error{Code: ErrUnauthenticated.Code, Message: "The API key is not known."}
	stranger, known := newQuietSession(1), newQuietSession(1)
	known.welcomed(&tsspb.Welcome{SessionId: "w_1"})
	if !stranger.isFinal(refused) || stranger.isFinal(errEnded) || known.isFinal(refused) {
		t.Error("it gives up too early, or not at all")
	}
	known.refusedSince = time.Now().Add(-2 * refusalPatience)
	if !known.isFinal(refused) {
		t.Error("it hopes for ever")
	}
	known.welcomed(&tsspb.Welcome{SessionId: "w_1"})
	if known.isFinal(refused) {
		t.Error("it remembers a refusal that has mended itself")
	}
}

func TestManyLongErrorsAtOnceTravelInMessagesBelowTheLimit(t *testing.T) {
	s := newQuietSession(maxSlots)
	s.welcomed(&tsspb.Welcome{SessionId: "w_1"})
	long := &tsspb.TaskError{Type: "error", Message: strings.Repeat("ä", errorMessageBytes/4)}
	for range maxSlots {
		s.outcomes(&tsspb.OutcomeReport{Id: strings.Repeat("x", 26), FencingToken: 1 << 50, Error: long})
	}
	count := 0
	for _, message := range s.outbox.take() {
		count += len(message.GetOutcomes())
		if size := proto.Size(message); size > messageBytes/4 {
			t.Fatalf("a message of %d bytes", size)
		}
	}
	if count != maxSlots {
		t.Errorf("%d reports", count)
	}
}

func TestNoOfferIsLostWhateverTheMomentOfTheWelcome(t *testing.T) {
	s := newQuietSession(maxSlots)
	for round := range 2_000 {
		s.disconnected()
		told := s.hello().GetHello().GetCredit()
		offered := make(chan struct{})
		go func() {
			s.offer(1)
			close(offered)
		}()
		s.welcomed(&tsspb.Welcome{SessionId: "w_1"})
		<-offered
		for _, message := range s.outbox.take() {
			told += message.GetCredit()
		}
		if int(told) != s.credit {
			t.Fatalf("round %d: it has said %d of %d", round, told, s.credit)
		}
	}
}
