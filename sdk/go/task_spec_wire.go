package tss

import (
	"fmt"
	"math"

	"github.com/tss/tss/sdk/go/tsspb"
)

// wire is the message of a task. Limits are the coordinator's to judge; refused here is what would not arrive as it was
// meant.
func (s *TaskSpec) wire(codec *PayloadCodec) (*tsspb.TaskSpec, error) {
	made := &tsspb.TaskSpec{
		Name:             s.name(),
		Queue:            s.Queue,
		Command:          s.Command,
		Argv:             s.Argv,
		Type:             s.Type,
		Env:              s.Env,
		Secrets:          s.Secrets,
		WorkingDirectory: s.Dir,
		User:             s.User,
		Umask:            s.Umask,
		Limits:           s.Limits,
		Delay:            wireDuration(s.Delay),
		RunAt:            wireTime(s.RunAt),
		Expires:          wireDuration(s.Expires),
		Timeout:          wireDuration(s.Timeout),
		HeartbeatTimeout: wireDuration(s.HeartbeatTimeout),
		Labels:           s.Labels,
		Selector:         s.Selector,
		Resources:        s.Resources,
		IdempotencyKey:   s.IdempotencyKey,
		IdempotencyTtl:   wireDuration(s.IdempotencyTTL),
		FairnessKey:      s.FairnessKey,
		CancelGrace:      wireOptional(s.CancelGrace),
		Traceparent:      s.traceparent(),
	}
	var err error
	if made.Priority, err = wireInt("priority", s.Priority); err != nil {
		return nil, err
	}
	if made.OnAgentRestart, err = s.OnAgentRestart.wire(); err != nil {
		return nil, err
	}
	if made.Locks, err = wireLocks(s.Locks); err != nil {
		return nil, err
	}
	if made.Retry, err = s.Retry.wire(); err != nil {
		return nil, err
	}
	if s.Input != nil {
		payload, err := codec.Encode(s.Input)
		if err != nil {
			return nil, err
		}
		made.Payload = payload.wire()
	}
	return made, nil
}

func (r AgentRestart) wire() (tsspb.AgentRestart, error) {
	switch r {
	case "":
		return tsspb.AgentRestart_AGENT_RESTART_UNSPECIFIED, nil
	case Adopt:
		return tsspb.AgentRestart_AGENT_RESTART_ADOPT, nil
	case Kill:
		return tsspb.AgentRestart_AGENT_RESTART_KILL, nil
	}
	return 0, invalid("on_agent_restart", fmt.Sprintf("is %q; it is adopt or kill.", string(r)))
}

func wireLocks(needs []LockNeed) ([]*tsspb.LockNeed, error) {
	var made []*tsspb.LockNeed
	for at, need := range needs {
		if need.Permits < 0 || need.Permits > math.MaxInt32 {
			return nil, invalid(fmt.Sprintf("locks[%d].permits", at), fmt.Sprintf("is %d; it is 1 to 10 000.", need.Permits))
		}
		made = append(made, &tsspb.LockNeed{Name: need.Name, Permits: uint32(need.Permits)})
	}
	return made, nil
}

func (r *RetryPolicy) wire() (*tsspb.RetryPolicy, error) {
	made := &tsspb.RetryPolicy{
		Interval:    wireOptional(r.Interval),
		MaxInterval: wireDuration(r.MaxInterval),
		Jitter:      r.Jitter,
	}
	if r.Limit != nil {
		if *r.Limit < 0 || *r.Limit > math.MaxInt32 {
			return nil, invalid("retry.limit", fmt.Sprintf("is %d; it is 0 to 99.", *r.Limit))
		}
		made.Limit = Some(uint32(*r.Limit))
	}
	if r.ReleaseLimit != nil {
		if *r.ReleaseLimit < 0 || *r.ReleaseLimit > math.MaxInt32 {
			return nil, invalid("retry.release_limit", fmt.Sprintf("is %d; it is 0 to 99.", *r.ReleaseLimit))
		}
		made.ReleaseLimit = Some(uint32(*r.ReleaseLimit))
	}
	if r.Fixed {
		made.Backoff = tsspb.RetryBackoff_RETRY_BACKOFF_FIXED
	}
	if r.Factor != 0 {
		made.Factor = &r.Factor
	}
	for _, code := range r.NonRetryableExitCodes {
		small, err := wireInt("retry.non_retryable_exit_codes", code)
		if err != nil {
			return nil, err
		}
		made.NonRetryableExitCodes = append(made.NonRetryableExitCodes, small)
	}
	if made.Limit == nil && made.Interval == nil && made.MaxInterval == nil && made.Jitter == nil &&
		made.Factor == nil && made.ReleaseLimit == nil && !r.Fixed && made.NonRetryableExitCodes == nil {
		return nil, nil
	}
	return made, nil
}

func wireInt(field string, value int) (int32, error) {
	if value < math.MinInt32 || value > math.MaxInt32 {
		return 0, invalid(field, fmt.Sprintf("is %d; it is a number of at most 32 bits.", value))
	}
	return int32(value), nil
}
