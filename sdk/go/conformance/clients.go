package main

import (
	"strings"
	"sync"

	tss "github.com/tss/tss/sdk/go"
)

// clients are kept by their address and codecs.
type clients struct {
	mu   sync.Mutex
	kept map[string]*tss.Client
}

func (c *clients) of(options tss.ClientOptions, names []string) (*tss.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := strings.Join(append([]string{options.Address, options.APIKey}, names...), " ")
	if client := c.kept[key]; client != nil {
		return client, nil
	}
	codec, err := codecs(names)
	if err != nil {
		return nil, err
	}
	options.Payload = codec
	client, err := tss.NewClient(options)
	if err != nil {
		return nil, err
	}
	if c.kept == nil {
		c.kept = map[string]*tss.Client{}
	}
	c.kept[key] = client
	return client, nil
}

func codecs(names []string) (*tss.PayloadCodec, error) {
	key := make([]byte, 32)
	for at := range key {
		key[at] = byte(at)
	}
	secret, err := tss.NewAESGCM(map[string][]byte{"k1": key}, "k1")
	if err != nil {
		return nil, err
	}
	known := map[string]tss.Codec{"gzip": tss.Gzip{MinBytes: 1}, "aes-gcm": secret}
	var row []tss.Codec
	for _, name := range names {
		row = append(row, known[name])
	}
	return tss.NewPayloadCodec(tss.PayloadOptions{Codecs: row})
}
