package tss

import (
	"sync"

	"github.com/tss/tss/sdk/go/tsspb"
)

// fullBytes in one message keep it far below its limit.
const fullBytes = 512 << 10

// outbox gathers what is said while earlier messages are on their way. Without a greeted stream there is nobody to hear it.
type outbox struct {
	// bell is rung when there is something to send.
	bell chan struct{}

	mu     sync.Mutex
	isOpen bool
	full   []*tsspb.WorkRequest
	next   *tsspb.WorkRequest
	bytes  int
}

func newOutbox() outbox { return outbox{bell: make(chan struct{}, 1)} }

// open begins with a request that may be empty.
func (o *outbox) open(first *tsspb.WorkRequest) {
	o.mu.Lock()
	o.isOpen = true
	o.mu.Unlock()
	if first.GetCredit() > 0 || first.GetDraining() {
		o.say(0, func(message *tsspb.WorkRequest) {
			message.Credit += first.GetCredit()
			message.Draining = message.Draining || first.GetDraining()
		})
	}
}

// shut drops what was not sent: the next greeting says it again.
func (o *outbox) shut() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.isOpen, o.full, o.next, o.bytes = false, nil, nil, 0
}

// say adds to the next message; bytes is about what it takes.
func (o *outbox) say(bytes int, add func(*tsspb.WorkRequest)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.isOpen {
		return
	}
	if o.next == nil {
		o.next = &tsspb.WorkRequest{}
	}
	add(o.next)
	if o.bytes += bytes; o.bytes > fullBytes {
		o.full = append(o.full, o.next)
		o.next, o.bytes = nil, 0
	}
	select {
	case o.bell <- struct{}{}:
	default:
	}
}

func (o *outbox) take() []*tsspb.WorkRequest {
	o.mu.Lock()
	defer o.mu.Unlock()
	messages := o.full
	if o.next != nil {
		messages = append(messages, o.next)
	}
	o.full, o.next, o.bytes = nil, nil, 0
	return messages
}

// isFull: messages wait because the coordinator does not read.
func (o *outbox) isFull() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.full) > 0
}
