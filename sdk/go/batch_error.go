package tss

import (
	"fmt"
)

// BatchError says which of several tasks failed; the others are done.
type BatchError struct {
	// Failed holds errors by the place of their task in the call.
	Failed map[int]error
	// Of is how many tasks there were.
	Of int
}

func (e *BatchError) Error() string {
	places := sortedKeys(e.Failed)
	return fmt.Sprintf("%d of %d tasks failed, the first at place %d: %v", len(places), e.Of, places[0], e.Failed[places[0]])
}

// Unwrap lets errors.Is and errors.As look at each.
func (e *BatchError) Unwrap() []error {
	errs := make([]error, 0, len(e.Failed))
	for _, place := range sortedKeys(e.Failed) {
		errs = append(errs, e.Failed[place])
	}
	return errs
}

func (e *BatchError) add(place int, err error) {
	if e.Failed == nil {
		e.Failed = map[int]error{}
	}
	e.Failed[place] = err
}

// orNil is nil when nothing failed.
func (e *BatchError) orNil() error {
	if len(e.Failed) == 0 {
		return nil
	}
	return e
}
