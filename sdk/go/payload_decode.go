package tss

import (
	"fmt"
	"slices"
	"strings"
)

// Decode undoes the encodings, outermost first, and reads the value into the variable that into points to. A name that is
// not known is refused before any work is done. Without a payload the variable stays as it is.
func (c *PayloadCodec) Decode(payload *Payload, into any) error {
	if payload == nil || len(payload.Data) == 0 && payload.ContentType == "" && len(payload.Encodings) == 0 {
		return nil
	}
	serializer, err := c.serializerOf(payload.ContentType)
	if err != nil {
		return err
	}
	if err := c.checkEncodings(payload.Encodings); err != nil {
		return err
	}
	data := payload.Data
	for _, name := range slices.Backward(payload.Encodings) {
		if data, err = c.known[name].Decode(data); err != nil {
			return stageError(err, "The codec %s could not decode the payload", name)
		}
	}
	if err := serializer.Deserialize(data, payload.ContentType, into); err != nil {
		return stageError(err, "The serializer of %s could not read the payload", serializer.ContentType())
	}
	return nil
}

// serializerOf takes bytes without a content type for JSON. Parameters count where a serializer names them.
func (c *PayloadCodec) serializerOf(named string) (Serializer, error) {
	if named == "" {
		named = JSON{}.ContentType()
	}
	mediaType, _, _ := strings.Cut(named, ";")
	for _, wanted := range []string{named, strings.TrimSpace(mediaType)} {
		for _, one := range c.serializers {
			if strings.EqualFold(one.ContentType(), wanted) {
				return one, nil
			}
		}
	}
	var known []string
	for _, one := range c.serializers {
		known = append(known, one.ContentType())
	}
	return nil, invalidPayload("UNKNOWN_CONTENT_TYPE",
		"Nothing here reads %q (known: %s); add a serializer for it to the payload codec.", strings.ToLower(named), strings.Join(known, ", "))
}

func (c *PayloadCodec) checkEncodings(names []string) error {
	var missing []string
	for _, name := range names {
		if c.known[name] == nil {
			missing = append(missing, fmt.Sprintf("%q", name))
		}
	}
	if missing == nil {
		return nil
	}
	known := "no codecs"
	if len(c.known) > 0 {
		known = strings.Join(sortedKeys(c.known), ", ")
	}
	return invalidPayload("UNKNOWN_ENCODING",
		"Nothing here undoes the encoding %s (known: %s); add that to the codecs or decoders of the payload codec.", strings.Join(missing, " and "), known)
}
