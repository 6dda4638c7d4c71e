package tss

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Encode writes the value with the first serializer that accepts it, then applies the codecs in their order.
func (c *PayloadCodec) Encode(value any) (*Payload, error) {
	at := slices.IndexFunc(c.serializers, func(one Serializer) bool { return one.Accepts(value) })
	if at < 0 {
		return nil, invalidPayload("PAYLOAD_NOT_SERIALIZABLE", "No serializer accepts a value of type %T; add one that does.", value)
	}
	serializer := c.serializers[at]
	data, err := serializer.Serialize(value)
	if err != nil {
		return nil, stageError(err, "The serializer of %s could not write the value", serializer.ContentType())
	}
	payload := &Payload{Data: data, ContentType: serializer.ContentType()}
	for _, codec := range c.codecs {
		encoded, err := codec.Encode(payload.Data)
		if err != nil {
			return nil, stageError(err, "The codec %s could not encode the payload", codec.Name())
		}
		if encoded != nil {
			payload.Data = encoded
			payload.Encodings = append(payload.Encodings, codec.Name())
		}
	}
	if len(payload.Data) > payloadBytes {
		return nil, tooLarge(payload, len(data))
	}
	return payload, nil
}

func tooLarge(payload *Payload, before int) *Error {
	serialized := ""
	if len(payload.Encodings) > 0 {
		serialized = fmt.Sprintf(" (%d before %s)", before, strings.Join(payload.Encodings, ", "))
	}
	return invalidPayload("PAYLOAD_TOO_LARGE",
		"The value makes a payload of %d bytes of %s%s, and at most %d are allowed; make it smaller, or keep it elsewhere and pass its address.",
		len(payload.Data), payload.ContentType, serialized, payloadBytes)
}

// stageError keeps an *Error as it is; what else a stage says becomes one that begins with what failed.
func stageError(err error, format string, details ...any) error {
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	made := invalidPayload("PAYLOAD_STAGE_FAILED", format+": %s", append(details, line)...)
	made.cause = err
	return made
}
