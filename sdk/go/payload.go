package tss

import (
	"fmt"
	"regexp"

	"github.com/tss/tss/sdk/go/tsspb"
	"google.golang.org/grpc/codes"
)

// Payload is bytes that TSS carries and never opens.
type Payload struct {
	// Data is at most 256 KiB.
	Data []byte
	// ContentType names the serializer.
	ContentType string
	// Encodings are the codecs that were applied, outermost last.
	Encodings []string
}

// Serializer turns values into bytes of one content type, and back.
type Serializer interface {
	// ContentType is a media type of at most 127 ASCII characters; it finds the serializer again when decoding.
	ContentType() string
	// Accepts is false for values that another serializer is to be asked for.
	Accepts(value any) bool
	Serialize(value any) ([]byte, error)
	// Deserialize reads data into the variable that into points to. The content type may carry parameters.
	Deserialize(data []byte, contentType string, into any) error
}

// Codec changes bytes and changes them back: compression, encryption. Neither way may change its input.
type Codec interface {
	// Name is 1–63 characters of a–z, 0–9, '.' and '-'; it stands in the encodings of a payload.
	Name() string
	// Encode gives nil for bytes that stay as they are: the name is then not listed.
	Encode(data []byte) ([]byte, error)
	// Decode fails for bytes that Encode did not make.
	Decode(data []byte) ([]byte, error)
}

// PayloadOptions say what a PayloadCodec is made of.
type PayloadOptions struct {
	// Serializers: the first that accepts a value makes its bytes. Nil: Bytes, then JSON.
	Serializers []Serializer
	// Codecs, at most 8, are applied in this order, and undone by the encodings of a payload.
	Codecs []Codec
	// Decoders are understood and never applied: what other clients use, or this one used before.
	Decoders []Codec
}

// PayloadCodec is what clients and workers put values into payloads with. It may be used by many goroutines at once if
// its parts may.
type PayloadCodec struct {
	serializers []Serializer
	codecs      []Codec
	known       map[string]Codec
}

var (
	codecName   = regexp.MustCompile(`^[a-z0-9.-]{1,63}$`)
	contentType = regexp.MustCompile(`^[\x21-\x7e]+/[\x20-\x7e]+$`)
)

// NewPayloadCodec puts serializers and codecs in a row. Every error, here and in both directions, is an *Error of kind
// ErrInvalid whose Reason tells them apart.
func NewPayloadCodec(options PayloadOptions) (*PayloadCodec, error) {
	codec := &PayloadCodec{options.Serializers, options.Codecs, map[string]Codec{}}
	if codec.serializers == nil {
		codec.serializers = []Serializer{Bytes{}, JSON{}}
	}
	for _, serializer := range codec.serializers {
		if name := serializer.ContentType(); len(name) > contentTypeBytes || !contentType.MatchString(name) {
			return nil, badCodec("the content type %q, which is no media type of at most %d ASCII characters", name, contentTypeBytes)
		}
	}
	if len(codec.serializers) == 0 {
		return nil, badCodec("no serializers; leave them out for bytes and JSON")
	}
	if len(codec.codecs) > maxEncodings {
		return nil, badCodec("%d codecs; a payload names at most %d", len(codec.codecs), maxEncodings)
	}
	for _, list := range [][]Codec{options.Codecs, options.Decoders} {
		for _, one := range list {
			name := one.Name()
			if !codecName.MatchString(name) {
				return nil, badCodec("the codec %q; a name is 1–63 characters of a–z, 0–9, '.' and '-'", name)
			}
			codec.known[name] = one
		}
	}
	if len(codec.known) < len(options.Codecs)+len(options.Decoders) {
		return nil, badCodec("two codecs of one name; decoding would not know which to use")
	}
	return codec, nil
}

func badCodec(format string, details ...any) *Error {
	return invalidPayload("CODEC_SHAPE", "The payload codec has "+format+".", details...)
}

func invalidPayload(reason, format string, details ...any) *Error {
	return &Error{Code: codes.InvalidArgument, Reason: reason, Message: fmt.Sprintf(format, details...)}
}

func (p *Payload) wire() *tsspb.Payload {
	if p == nil {
		return nil
	}
	return &tsspb.Payload{Data: p.Data, ContentType: p.ContentType, Encodings: p.Encodings}
}

func payloadOf(wire *tsspb.Payload) *Payload {
	if wire == nil {
		return nil
	}
	return &Payload{wire.GetData(), wire.GetContentType(), wire.GetEncodings()}
}
