package tss

import "context"

// Submit hands over a task; it returns when the coordinator has written it. Submits of many goroutines travel together.
// A lost connection or a coordinator that restarts is no error: the message is sent again with the same id and is
// accepted once. An error of kind ErrDeadline or ErrUnavailable says whether the task may have been accepted; give tasks
// that must not be doubled an IdempotencyKey.
func (c *Client) Submit(ctx context.Context, spec TaskSpec) (*TaskHandle, error) {
	handles, err := c.submit(ctx, []TaskSpec{spec})
	if err != nil {
		return nil, only(err)
	}
	return handles[0], nil
}

// SubmitMany hands over any number of tasks, in the order of the list. Where some are refused, their places are nil, the
// others are accepted, and the error is a *BatchError.
func (c *Client) SubmitMany(ctx context.Context, specs []TaskSpec) ([]*TaskHandle, error) {
	return c.submit(ctx, specs)
}

func (c *Client) submit(ctx context.Context, specs []TaskSpec) ([]*TaskHandle, error) {
	batch := newSubmitBatch(len(specs))
	entries := make([]*submitEntry, 0, len(specs))
	for at := range specs {
		wire, err := specs[at].wire(c.payload)
		size := 0
		if err == nil {
			size, err = specs[at].measure(wire)
		}
		if err != nil {
			batch.settle(at, submitted{err: err})
			continue
		}
		entries = append(entries, &submitEntry{spec: wire, bytes: size + entryBytes, batch: batch, place: at})
	}
	c.submitter.submit(ctx, batch, entries)
	handles := make([]*TaskHandle, len(specs))
	failed := &BatchError{Of: len(specs)}
	for at, result := range batch.results {
		if result.err != nil {
			failed.add(at, result.err)
		} else {
			handles[at] = &TaskHandle{ID: result.id, Duplicate: result.duplicate, client: c}
		}
	}
	return handles, failed.orNil()
}
