package tss

import (
	"sync"
	"time"

	"github.com/tss/tss/sdk/go/tsspb"
)

// progressPause: a task may say something a thousand times a second; the coordinator hears the newest of it ten times.
const progressPause = 100 * time.Millisecond

// progressReporter puts together what one attempt says: the newest progress, and the newest 100 messages at a time.
type progressReporter struct {
	key  leaseKey
	send func(*tsspb.ProgressReport)

	mu       sync.Mutex
	percent  *float64
	note     string
	messages []string
	waiting  bool
	pausing  bool
	closed   bool
}

func newProgressReporter(key leaseKey, send func(*tsspb.ProgressReport)) *progressReporter {
	return &progressReporter{key: key, send: send}
}

// silentReporter is that of attempts that have ended.
var silentReporter = &progressReporter{closed: true}

func (p *progressReporter) progress(percent float64, message string) {
	p.say(func() { p.percent, p.note = &percent, cut(message, progressMessageBytes/4) })
}

func (p *progressReporter) message(text string) {
	p.say(func() {
		if p.messages = append(p.messages, cut(text, progressMessageBytes/4)); len(p.messages) > messagesPerAttempt {
			p.messages = p.messages[1:]
		}
	})
}

func (p *progressReporter) heartbeat() { p.say(func() {}) }

func (p *progressReporter) say(note func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	note()
	p.waiting = true
	if !p.pausing {
		p.flush()
	}
}

// flush sends what waits; the caller holds the lock.
func (p *progressReporter) flush() {
	if !p.waiting {
		return
	}
	p.send(&tsspb.ProgressReport{Id: p.key.id, FencingToken: p.key.token, Percent: p.percent, Message: p.note, Messages: p.messages})
	p.percent, p.note, p.messages, p.waiting = nil, "", nil, false
	if p.closed {
		return
	}
	p.pausing = true
	time.AfterFunc(progressPause, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.pausing = false
		if !p.closed {
			p.flush()
		}
	})
}

// close sends what waits; nothing is sent later.
func (p *progressReporter) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.flush()
}
