package tss

import (
	"context"
	"time"
)

// watchLease looks at how long ago the coordinator last heard of the worker. At four fifths of a lease's term handlers are
// told once that they are lost: after the term their tasks run elsewhere.
func (s *session) watchLease(ctx context.Context) {
	told := false
	for {
		s.mu.Lock()
		term, heardAt := s.term, s.heardAt
		s.mu.Unlock()
		pause := time.Second
		if term > 0 {
			left := time.Until(heardAt.Add(term * 4 / 5))
			if pause = left; left > 0 {
				told = false
			} else {
				if !told {
					told = true
					s.logger.Error("the worker had no contact for most of its lease; what runs is told to stop")
					s.floor.stopAll(ErrLost)
				}
				pause = term / 10
			}
		}
		if !sleep(ctx, max(pause, time.Millisecond)) {
			return
		}
	}
}
