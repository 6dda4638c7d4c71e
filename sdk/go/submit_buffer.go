package tss

import (
	"context"
	"sync"
)

// submitBuffer is tasks that wait to become messages: first in, first out, bounded in number and bytes.
type submitBuffer struct {
	mu       sync.Mutex
	entries  []*submitEntry
	bytes    int
	maxTasks int
	maxBytes int
	// room is closed, and made anew, whenever something was taken.
	room chan struct{}
}

// add takes what there is room for and returns the rest, with what to wait for.
func (b *submitBuffer) add(entries []*submitEntry) (rest []*submitEntry, room <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for at, entry := range entries {
		if len(b.entries) >= b.maxTasks || len(b.entries) > 0 && b.bytes+entry.bytes > b.maxBytes {
			return entries[at:], b.room
		}
		b.entries = append(b.entries, entry)
		b.bytes += entry.bytes
	}
	return nil, nil
}

// addAll waits for room; false: the context ended first.
func (b *submitBuffer) addAll(ctx context.Context, entries []*submitEntry, wake func()) bool {
	for {
		rest, room := b.add(entries)
		wake()
		if len(rest) == 0 {
			return true
		}
		select {
		case <-room:
			entries = rest
		case <-ctx.Done():
			return false
		}
	}
}

// take gives the next message's tasks: as many as a message may carry, without those that nobody waits for any more.
func (b *submitBuffer) take() []*submitEntry {
	b.mu.Lock()
	defer b.mu.Unlock()
	var taken []*submitEntry
	count, bytes := 0, envelopeBytes
	for _, entry := range b.entries {
		if len(taken) == tasksPerMessage || bytes+entry.bytes > messageBytes && len(taken) > 0 {
			break
		}
		count++
		b.bytes -= entry.bytes
		if entry.over.Load() {
			continue
		}
		bytes += entry.bytes
		taken = append(taken, entry)
	}
	if count == 0 {
		return nil
	}
	clear(b.entries[:count])
	if b.entries = b.entries[count:]; len(b.entries) == 0 {
		b.entries = nil
	}
	close(b.room)
	b.room = make(chan struct{})
	return taken
}

func (b *submitBuffer) isEmpty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.entries) == 0
}
