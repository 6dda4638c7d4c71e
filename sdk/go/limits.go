package tss

import "time"

// Limits of the contract that this SDK minds before it sends; all of them are in docs/limits.md.
const (
	payloadBytes         = 256 << 10
	contentTypeBytes     = 127
	maxEncodings         = 8
	tasksPerMessage      = 1_000
	messageBytes         = 4 << 20
	nameCharacters       = 200
	messagesPerAttempt   = 100
	errorTypeCharacters  = 200
	errorMessageBytes    = 4 << 10
	progressMessageBytes = 4 << 10
	defaultCancelGrace   = 10 * time.Second
	maxSlots             = 10_000
)
