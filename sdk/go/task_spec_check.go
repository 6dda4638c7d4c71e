package tss

import (
	"fmt"
	"unicode/utf8"

	"github.com/tss/tss/sdk/go/tsspb"
	"google.golang.org/protobuf/proto"
)

// envelopeBytes are left free in a message for what is around its tasks.
const envelopeBytes = 1024

// measure gives the bytes of a task on the wire. One that no message can carry is refused here, so that it does not take
// the others of its message with it.
func (s *TaskSpec) measure(made *tsspb.TaskSpec) (int, error) {
	size := proto.Size(made)
	if size > messageBytes-envelopeBytes {
		return 0, invalid("task", fmt.Sprintf("takes %d bytes, and a message carries at most %d; make it smaller.", size, messageBytes-envelopeBytes))
	}
	if _, err := proto.Marshal(made); err != nil {
		return 0, s.badText(err)
	}
	return size, nil
}

// badText finds the text that is no UTF-8.
func (s *TaskSpec) badText(err error) error {
	texts := []namedText{
		{"command", s.Command}, {"type", s.Type}, {"name", s.Name}, {"queue", s.Queue}, {"idempotency_key", s.IdempotencyKey},
		{"fairness_key", s.FairnessKey}, {"traceparent", s.Traceparent}, {"working_directory", s.Dir},
		{"user", s.User}, {"umask", s.Umask},
	}
	for at, text := range s.Argv {
		texts = append(texts, namedText{fmt.Sprintf("argv[%d]", at), text})
	}
	for at, need := range s.Locks {
		texts = append(texts, namedText{fmt.Sprintf("locks[%d].name", at), need.Name})
	}
	for field, values := range map[string]map[string]string{"labels": s.Labels, "selector": s.Selector, "env": s.Env, "secrets": s.Secrets} {
		for key, value := range values {
			texts = append(texts, namedText{field, key}, namedText{field, value})
		}
	}
	for key := range s.Resources {
		texts = append(texts, namedText{"resources", key})
	}
	for key := range s.Limits {
		texts = append(texts, namedText{"limits", key})
	}
	for _, one := range texts {
		if !utf8.ValidString(one.text) {
			return invalid(one.field, "is not UTF-8.")
		}
	}
	return invalid("task", "cannot be written: "+err.Error())
}

type namedText struct{ field, text string }
