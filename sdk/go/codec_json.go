package tss

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// JSON is the serializer of encoding/json.
type JSON struct{}

// ContentType is application/json.
func (JSON) ContentType() string { return "application/json" }

// Accepts every value; what JSON cannot carry is refused when it is written.
func (JSON) Accepts(any) bool { return true }

// Serialize writes what json.Marshal does, without escaping <, > and &.
func (JSON) Serialize(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, invalidPayload("PAYLOAD_NOT_SERIALIZABLE",
			"The value cannot be written as JSON: %v; change it, or give the payload codec a serializer that carries it.", err)
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
}

// Deserialize says what is wrong without the text: it may have been encrypted a moment ago, and errors end up in logs.
func (JSON) Deserialize(data []byte, _ string, into any) error {
	if !utf8.Valid(data) {
		return invalidPayload("PAYLOAD_NOT_JSON", "The payload of %d bytes is called JSON but is not UTF-8.", len(data))
	}
	err := json.Unmarshal(data, into)
	var mismatch *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &mismatch):
		where := "it"
		if mismatch.Field != "" {
			where = "its field " + mismatch.Field
		}
		kind, _, _ := strings.Cut(mismatch.Value, " ")
		return invalidPayload("PAYLOAD_MISMATCH", "The payload does not fit %s: %s is a JSON %s where %v is wanted.", target(into), where, kind, mismatch.Type)
	case !json.Valid(data):
		return invalidPayload("PAYLOAD_NOT_JSON", "The payload of %d bytes is called JSON but does not parse.", len(data))
	default:
		return invalidPayload("PAYLOAD_MISMATCH", "The payload of %d bytes is JSON that %s refuses.", len(data), target(into))
	}
}

// target is the type of the variable that a pointer leads to.
func target(into any) string { return strings.TrimPrefix(fmt.Sprintf("%T", into), "*") }
