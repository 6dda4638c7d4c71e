package tss

import "bytes"

// Bytes is the serializer of []byte, as they are.
type Bytes struct{}

// ContentType is application/octet-stream.
func (Bytes) ContentType() string { return "application/octet-stream" }

// Accepts []byte.
func (Bytes) Accepts(value any) bool {
	_, ok := value.([]byte)
	return ok
}

// Serialize copies: what a caller does with its bytes afterwards does not reach the payload.
func (Bytes) Serialize(value any) ([]byte, error) {
	data, ok := value.([]byte)
	if !ok {
		return nil, invalidPayload("PAYLOAD_NOT_SERIALIZABLE", "The value is %T where []byte belongs.", value)
	}
	return append([]byte{}, data...), nil
}

// Deserialize copies into a []byte or an any: a value that is kept does not keep the message it came in.
func (Bytes) Deserialize(data []byte, _ string, into any) error {
	switch into := into.(type) {
	case *[]byte:
		*into = append([]byte{}, data...)
	case *any:
		*into = bytes.Clone(data)
	default:
		return invalidPayload("PAYLOAD_MISMATCH", "The payload is %d bytes without a structure, and %s is wanted; take []byte.", len(data), target(into))
	}
	return nil
}
