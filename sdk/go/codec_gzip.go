package tss

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
)

// unpackedBytes is what a payload of 256 KiB may unpack to: some input packs a thousandfold.
const unpackedBytes = 16 << 20

// Gzip packs data where that makes it smaller: at most 16 MiB, before packing and after unpacking.
type Gzip struct {
	// MinBytes: smaller data stays as it is; zero: 1024.
	MinBytes int
	// Level is 1 (fast) – 9 (small); zero: 6.
	Level int
}

// Name is gzip.
func (Gzip) Name() string { return "gzip" }

// Encode packs.
func (g Gzip) Encode(data []byte) ([]byte, error) {
	least, level := g.MinBytes, g.Level
	if least == 0 {
		least = 1024
	}
	if level == 0 {
		level = 6
	}
	if len(data) < least {
		return nil, nil
	}
	if len(data) > unpackedBytes {
		return nil, invalidPayload("PAYLOAD_TOO_LARGE",
			"The value makes %d bytes before gzip, and at most %d can be unpacked again; make it smaller, or keep it elsewhere and pass its address.", len(data), unpackedBytes)
	}
	var packed bytes.Buffer
	writer, err := gzip.NewWriterLevel(&packed, level)
	if err != nil {
		return nil, invalidPayload("CODEC_SHAPE", "Level of Gzip is %d; it must be 1 to 9.", level)
	}
	if _, err := writer.Write(data); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	if packed.Len() >= len(data) {
		return nil, nil
	}
	return packed.Bytes(), nil
}

// Decode unpacks.
func (Gzip) Decode(data []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, damaged(fmt.Sprintf("The payload's %d bytes are no gzip", len(data)), err)
	}
	unpacked, err := io.ReadAll(io.LimitReader(reader, unpackedBytes+1))
	if err != nil {
		return nil, damaged(fmt.Sprintf("The payload's %d bytes are no gzip", len(data)), err)
	}
	if len(unpacked) > unpackedBytes {
		return nil, invalidPayload("PAYLOAD_TOO_LARGE",
			"The payload's %d bytes of gzip unpack to more than %d; whoever made it must make it smaller.", len(data), unpackedBytes)
	}
	return unpacked, nil
}

func damaged(what string, err error) *Error {
	made := invalidPayload("PAYLOAD_DAMAGED", "%s: %v.", what, err)
	made.cause = err
	return made
}
