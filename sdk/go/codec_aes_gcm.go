package tss

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"regexp"
	"strings"
)

const (
	aesVersion = 1
	nonceBytes = 12
	tagBytes   = 16
)

var keyID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,63}$`)

// AESGCM encrypts with AES-256-GCM under a random nonce. Bytes: version 1, length of the key's id, id, nonce of 12
// bytes, ciphertext, tag of 16 bytes; what comes before the ciphertext is authenticated too. One key is good for 2^32
// payloads: rotate before. A value encrypted twice gives other bytes, so an idempotency key sees two tasks.
type AESGCM struct {
	current string
	ring    map[string]cipher.AEAD
}

// NewAESGCM takes keys of 32 random bytes by their id (1–63 characters of A–Z, a–z, 0–9, '.', '_' and '-', readable in
// the payload) and the id of the one that encrypts; the others only decrypt.
func NewAESGCM(keys map[string][]byte, current string) (*AESGCM, error) {
	codec := &AESGCM{current, map[string]cipher.AEAD{}}
	for id, key := range keys {
		if !keyID.MatchString(id) {
			return nil, invalidPayload("CODEC_SHAPE", "NewAESGCM has a key with the id %q; an id is 1–63 characters of A–Z, a–z, 0–9, '.', '_' and '-'.", id)
		}
		if len(key) != 32 {
			return nil, invalidPayload("CODEC_SHAPE", "The key %s of NewAESGCM must be 32 random bytes.", id)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		if codec.ring[id], err = cipher.NewGCM(block); err != nil {
			return nil, err
		}
	}
	if codec.ring[current] == nil {
		return nil, invalidPayload("CODEC_SHAPE", "The current key of NewAESGCM is %q, which is not among its keys (%s).", current, codec.ids())
	}
	return codec, nil
}

// Name is aes-gcm.
func (*AESGCM) Name() string { return "aes-gcm" }

// Encode encrypts.
func (c *AESGCM) Encode(data []byte) ([]byte, error) {
	header := make([]byte, 0, 2+len(c.current)+nonceBytes+len(data)+tagBytes)
	header = append(header, aesVersion, byte(len(c.current)))
	header = append(header, c.current...)
	var nonce [nonceBytes]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return nil, err
	}
	header = append(header, nonce[:]...)
	return c.ring[c.current].Seal(header, nonce[:], data, header), nil
}

// Decode decrypts.
func (c *AESGCM) Decode(data []byte) ([]byte, error) {
	nonceAt := 2
	if len(data) > 1 {
		nonceAt += int(data[1])
	}
	bodyAt := nonceAt + nonceBytes
	if len(data) < bodyAt+tagBytes || data[0] != aesVersion || !keyID.Match(data[2:nonceAt]) {
		return nil, invalidPayload("PAYLOAD_DAMAGED", "The payload's %d bytes are not what aes-gcm of version %d makes.", len(data), aesVersion)
	}
	id := string(data[2:nonceAt])
	key := c.ring[id]
	if key == nil {
		return nil, invalidPayload("UNKNOWN_KEY", "The payload is encrypted with the key %s, which this client does not have (it has %s); add it to the keys of NewAESGCM.", id, c.ids())
	}
	plain, err := key.Open(nil, data[nonceAt:bodyAt], data[bodyAt:], data[:bodyAt])
	if err != nil {
		return nil, invalidPayload("PAYLOAD_DAMAGED", "The payload cannot be decrypted with the key %s: this client has another key under that id, or the bytes were changed.", id)
	}
	if plain == nil {
		plain = []byte{}
	}
	return plain, nil
}

func (c *AESGCM) ids() string {
	if len(c.ring) == 0 {
		return "no keys"
	}
	return strings.Join(sortedKeys(c.ring), ", ")
}
