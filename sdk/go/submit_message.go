package tss

import "github.com/tss/tss/sdk/go/tsspb"

// submitMessage is tasks that travel together. The id makes it safe to send them again.
type submitMessage struct {
	requestID string
	entries   []*submitEntry
}

// isWanted: somebody waits for one of its answers.
func (m *submitMessage) isWanted() bool {
	for _, entry := range m.entries {
		if !entry.over.Load() {
			return true
		}
	}
	return false
}

// request is the message as it leaves: from here on its tasks may have been accepted.
func (m *submitMessage) request() *tsspb.SubmitTasksRequest {
	request := &tsspb.SubmitTasksRequest{RequestId: m.requestID, Tasks: make([]*tsspb.TaskSpec, len(m.entries))}
	for at, entry := range m.entries {
		entry.sent.Store(true)
		request.Tasks[at] = entry.spec
	}
	return request
}

func (m *submitMessage) refuse(err error) {
	for _, entry := range m.entries {
		entry.settle(submitted{err: err})
	}
}

// answer gives every task its own result.
func (m *submitMessage) answer(response *tsspb.SubmitTasksResponse) {
	for at, entry := range m.entries {
		result := submitted{err: unanswered()}
		if at < len(response.GetResults()) {
			switch answer := response.GetResults()[at]; {
			case answer.GetId() != "":
				result = submitted{id: answer.GetId(), duplicate: answer.GetDuplicate()}
			case answer.GetError() != nil:
				result = submitted{err: itemError(answer.GetError())}
			}
		}
		entry.settle(result)
	}
}
