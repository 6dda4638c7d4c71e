package tss_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	tss "github.com/tss/tss/sdk/go"
)

func aesGCM(t *testing.T, current string) *tss.AESGCM {
	t.Helper()
	first := make([]byte, 32)
	for at := range first {
		first[at] = byte(at)
	}
	codec, err := tss.NewAESGCM(map[string][]byte{"k1": first, "k2": bytes.Repeat([]byte{7}, 32)}, current)
	check(t, err)
	return codec
}

func payloadCodec(t *testing.T, codecs ...tss.Codec) *tss.PayloadCodec {
	t.Helper()
	codec, err := tss.NewPayloadCodec(tss.PayloadOptions{Codecs: codecs})
	check(t, err)
	return codec
}

// TestPayloadsOfTheTypeScriptSDKAreRead: testdata/payloads.json was written by it.
func TestPayloadsOfTheTypeScriptSDKAreRead(t *testing.T) {
	text, err := os.ReadFile("testdata/payloads.json")
	check(t, err)
	var payloads []struct {
		Name        string
		DataBase64  []byte
		ContentType string
		Encodings   []string
	}
	check(t, json.Unmarshal(text, &payloads))
	wanted := map[string]any{
		"json":                   map[string]any{"text": "grüße 🚀 <&>", "n": 1.5, "list": []any{1.0, nil, true}},
		"bytes":                  []byte{0, 1, 2, 253, 254, 255},
		"gzip":                   strings.Repeat("geheim ", 100),
		"aes-gcm":                map[string]any{"secret": 42.0},
		"gzip and aes-gcm":       strings.Repeat("geheim ", 100),
		"empty bytes, encrypted": []byte{},
	}
	equal(t, len(payloads), len(wanted))
	codec := payloadCodec(t, tss.Gzip{}, aesGCM(t, "k1"))
	for _, one := range payloads {
		var got any
		check(t, codec.Decode(&tss.Payload{Data: one.DataBase64, ContentType: one.ContentType, Encodings: one.Encodings}, &got))
		if !reflect.DeepEqual(got, wanted[one.Name]) {
			t.Errorf("%s: got %v", one.Name, got)
		}
	}
	// The same value makes the same bytes here as there, where chance has no part.
	made, err := codec.Encode(wanted["bytes"])
	check(t, err)
	equal(t, made.ContentType, "application/octet-stream")
	plain, err := payloadCodec(t).Encode(struct {
		Text string  `json:"text"`
		N    float64 `json:"n"`
		List []any   `json:"list"`
	}{"grüße 🚀 <&>", 1.5, []any{1, nil, true}})
	check(t, err)
	equal(t, string(plain.Data), string(payloads[0].DataBase64))
}

func TestWhatACodecEncodesComesBack(t *testing.T) {
	chance := make([]byte, 256<<10)
	_, _ = rand.Read(chance)
	samples := [][]byte{{}, {0}, {255}, []byte("a line of text\n"), chance[:1024], chance, make([]byte, 1<<20), bytes.Repeat([]byte("line of text\n"), 4000)}
	for _, codec := range []tss.Codec{tss.Gzip{MinBytes: 1}, tss.Gzip{Level: 9}, aesGCM(t, "k2")} {
		for at, sample := range samples {
			t.Run(fmt.Sprint(codec.Name(), " ", at), func(t *testing.T) {
				given := bytes.Clone(sample)
				encoded, err := codec.Encode(given)
				check(t, err)
				if encoded == nil {
					equal(t, codec.Name(), "gzip")
					return
				}
				kept := bytes.Clone(encoded)
				decoded, err := codec.Decode(encoded)
				check(t, err)
				if !bytes.Equal(decoded, sample) || !bytes.Equal(given, sample) || !bytes.Equal(encoded, kept) || decoded == nil {
					t.Error("something was changed on the way")
				}
				if damaged := append(bytes.Clone(encoded[:len(encoded)-1]), encoded[len(encoded)-1]^1); codec.Name() == "aes-gcm" {
					_, err := codec.Decode(damaged)
					refused(t, err, "PAYLOAD_DAMAGED")
				}
			})
		}
		for _, garbage := range [][]byte{nil, {0}, {1}, {1, 255}, []byte("no codec made these bytes"), make([]byte, 64), bytes.Repeat([]byte{255}, 300), bytes.Repeat([]byte{1}, 300)} {
			_, err := codec.Decode(garbage)
			if !errors.Is(err, tss.ErrInvalid) {
				t.Errorf("%s decodes %q: %v", codec.Name(), garbage, err)
			}
		}
	}
}

func refused(t *testing.T, err error, reason string, parts ...string) {
	t.Helper()
	if !errors.Is(err, &tss.Error{Code: tss.ErrInvalid.Code, Reason: reason}) {
		t.Errorf("got %v, want %s", err, reason)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, without %q", err, part)
		}
	}
}

func TestEveryRefusalOfAPayloadHasItsReason(t *testing.T) {
	plain, packed := payloadCodec(t), payloadCodec(t, tss.Gzip{MinBytes: 1})
	encode := func(codec *tss.PayloadCodec, value any) error {
		_, err := codec.Encode(value)
		return err
	}
	refused(t, encode(plain, strings.Repeat("x", 256<<10-1)), "PAYLOAD_TOO_LARGE", "262145", "262144")
	check(t, encode(plain, strings.Repeat("x", 256<<10-2)))
	check(t, encode(packed, make([]byte, 1<<20)))
	refused(t, encode(packed, make([]byte, 17<<20)), "PAYLOAD_TOO_LARGE", "before gzip")
	refused(t, encode(plain, math.NaN()), "PAYLOAD_NOT_SERIALIZABLE", "NaN")
	refused(t, encode(plain, func() {}), "PAYLOAD_NOT_SERIALIZABLE", "func()")

	var text string
	var anything any
	decode := func(payload tss.Payload, into any) error { return plain.Decode(&payload, into) }
	refused(t, decode(tss.Payload{Data: []byte("x"), ContentType: "application/x-thing"}, &text), "UNKNOWN_CONTENT_TYPE", "application/x-thing", "application/json")
	refused(t, decode(tss.Payload{Data: []byte("x"), Encodings: []string{"zstd", "gzip"}}, &text), "UNKNOWN_ENCODING", `"zstd" and "gzip"`, "no codecs")
	refused(t, decode(tss.Payload{Data: []byte("geheim")}, &text), "PAYLOAD_NOT_JSON", "does not parse")
	refused(t, decode(tss.Payload{Data: []byte("\"\xff\"")}, &text), "PAYLOAD_NOT_JSON", "is not UTF-8")
	refused(t, decode(tss.Payload{Data: []byte("12345")}, &text), "PAYLOAD_MISMATCH", "does not fit string: it is a JSON number where string is wanted")
	refused(t, decode(tss.Payload{Data: []byte("x"), ContentType: "application/octet-stream"}, &text), "PAYLOAD_MISMATCH", "string is wanted; take []byte")
	if err := decode(tss.Payload{Data: []byte("geheim")}, &anything); strings.Contains(err.Error(), "geheim") {
		t.Errorf("the error tells the payload: %v", err)
	}
	check(t, decode(tss.Payload{Data: []byte(`"x"`), ContentType: "Application/JSON; charset=utf-8"}, &text))
	check(t, decode(tss.Payload{}, &text))
	check(t, plain.Decode(nil, &text))
	equal(t, text, "x")
	bomb, err := tss.Gzip{Level: 1}.Encode(make([]byte, 16<<20))
	check(t, err)
	unpacked, err := tss.Gzip{}.Decode(bomb)
	check(t, err)
	equal(t, len(unpacked), 16<<20)
	_, err = tss.Gzip{}.Decode(append(bomb, bomb...))
	refused(t, err, "PAYLOAD_TOO_LARGE", "unpack to more than 16777216")
	foreign, err := tss.NewAESGCM(map[string][]byte{"other": make([]byte, 32)}, "other")
	check(t, err)
	secret, err := foreign.Encode([]byte("x"))
	check(t, err)
	_, err = aesGCM(t, "k1").Decode(secret)
	refused(t, err, "UNKNOWN_KEY", "the key other", "it has k1, k2")
}

type badName struct{ tss.Gzip }

func (badName) Name() string { return "Not A Name" }

type failing struct{ tss.Gzip }

func (failing) Encode([]byte) ([]byte, error) {
	return nil, errors.New("the key server is away\nat line 7")
}

func TestAPayloadCodecThatCannotBe(t *testing.T) {
	build := func(options tss.PayloadOptions) error {
		_, err := tss.NewPayloadCodec(options)
		return err
	}
	refused(t, build(tss.PayloadOptions{Codecs: []tss.Codec{badName{}}}), "CODEC_SHAPE", `"Not A Name"`)
	refused(t, build(tss.PayloadOptions{Codecs: []tss.Codec{tss.Gzip{}}, Decoders: []tss.Codec{tss.Gzip{}}}), "CODEC_SHAPE", "two codecs of one name")
	refused(t, build(tss.PayloadOptions{Codecs: make([]tss.Codec, 9)}), "CODEC_SHAPE", "at most 8")
	refused(t, build(tss.PayloadOptions{Serializers: []tss.Serializer{}}), "CODEC_SHAPE", "no serializers")
	_, err := tss.NewAESGCM(map[string][]byte{"a b": make([]byte, 32)}, "a b")
	refused(t, err, "CODEC_SHAPE", `"a b"`)
	_, err = tss.NewAESGCM(map[string][]byte{"a": make([]byte, 16)}, "a")
	refused(t, err, "CODEC_SHAPE", "32 random bytes")
	_, err = tss.NewAESGCM(nil, "a")
	refused(t, err, "CODEC_SHAPE", "no keys")
	_, err = payloadCodec(t, failing{}).Encode("x")
	refused(t, err, "PAYLOAD_STAGE_FAILED", "The codec gzip could not encode the payload: the key server is away")
	if strings.Contains(err.Error(), "line 7") {
		t.Errorf("got %v", err)
	}
}

func TestAChangedCodecStillReadsWhatWasWrittenBefore(t *testing.T) {
	before := payloadCodec(t, tss.Gzip{MinBytes: 1})
	after, err := tss.NewPayloadCodec(tss.PayloadOptions{Codecs: []tss.Codec{aesGCM(t, "k1")}, Decoders: []tss.Codec{tss.Gzip{}}})
	check(t, err)
	kept, err := before.Encode(strings.Repeat("x", 100))
	check(t, err)
	equal(t, strings.Join(kept.Encodings, " "), "gzip")
	var text string
	check(t, after.Decode(kept, &text))
	equal(t, len(text), 100)
	made, err := after.Encode(text)
	check(t, err)
	equal(t, strings.Join(made.Encodings, " "), "aes-gcm")
}
