package tss_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tss "github.com/tss/tss/sdk/go"
)

// selfSigned writes a certificate for this machine and its key, both PEM.
func selfSigned(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tss"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	made, err := x509.CreateCertificate(rand.Reader, about, about, &private.PublicKey, private)
	check(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	check(t, err)
	folder := t.TempDir()
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	check(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made}), 0o600))
	check(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	return cert, key
}

func TestACoordinatorWithACertificateIsTrustedByItsAuthorityAlone(t *testing.T) {
	cert, key := selfSigned(t)
	coordinator := newCoordinator(t, "TSS_TLS_CERT="+cert, "TSS_TLS_KEY="+key)
	address := strings.Replace(coordinator.Address, "127.0.0.1", "localhost", 1)
	// A refusal is waited for as long as a submit may wait; an answer takes its time on a busy machine.
	patience := 30 * time.Second
	try := func(addresses, authority string) error {
		t.Setenv("TSS_TLS_CA", authority)
		client, err := clientOf(t, tss.ClientOptions{Address: addresses, APIKey: coordinator.Key, SubmitTimeout: patience})
		if err != nil {
			return err
		}
		_, err = client.Submit(within(t), tss.TaskSpec{Command: "true"})
		return err
	}
	check(t, try(address, cert))
	check(t, try(nobody(t)+","+coordinator.Address, cert))
	text, err := os.ReadFile(cert)
	check(t, err)
	check(t, try(address, string(text)))
	patience = time.Second
	other, _ := selfSigned(t)
	err = try(address, other)
	want := "(No coordinator answers at " + address + " (certificate signed by unknown authority);"
	if !errors.Is(err, tss.ErrUnavailable) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
	if err := try(address, ""); !errors.Is(err, tss.ErrUnavailable) {
		t.Errorf("plaintext got %v", err)
	}
}

func TestACoordinatorThatDemandsACertificateIsShownTheClients(t *testing.T) {
	cert, key := selfSigned(t)
	own, ownKey := selfSigned(t)
	coordinator := newCoordinator(t, "TSS_TLS_CERT="+cert, "TSS_TLS_KEY="+key, "TSS_TLS_CLIENT_CA="+own)
	t.Setenv("TSS_TLS_CA", cert)
	try := func(cert, key string) error {
		t.Setenv("TSS_TLS_CLIENT_CERT", cert)
		t.Setenv("TSS_TLS_CLIENT_KEY", key)
		client, err := clientOf(t, tss.ClientOptions{Address: coordinator.Address, APIKey: coordinator.Key, SubmitTimeout: 5 * time.Second})
		if err != nil {
			return err
		}
		_, err = client.Submit(within(t), tss.TaskSpec{Command: "true"})
		return err
	}
	check(t, try(own, ownKey))
	for _, wrong := range []struct{ cert, key, sentence string }{
		{"", "", "This coordinator wants a client certificate and none was shown"},
		{cert, key, "is of no authority that this coordinator trusts"},
		{own, "", "TSS_TLS_CLIENT_CERT is set and TSS_TLS_CLIENT_KEY is not"},
		{"", ownKey, "TSS_TLS_CLIENT_KEY is set and TSS_TLS_CLIENT_CERT is not"},
		{own, key, "TSS_TLS_CLIENT_CERT and TSS_TLS_CLIENT_KEY are no certificate and its key"},
		{"/no/such.crt", ownKey, "TSS_TLS_CLIENT_CERT names /no/such.crt, which cannot be read"},
	} {
		if err := try(wrong.cert, wrong.key); err == nil || !strings.Contains(err.Error(), wrong.sentence) {
			t.Errorf("%s: got %v", wrong.sentence, err)
		}
	}
}
