package tss

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"sync"

	"google.golang.org/grpc/codes"
)

// environmentTLS is what TSS_TLS_CA, TSS_TLS_CLIENT_CERT and TSS_TLS_CLIENT_KEY say, each PEM or a file of it; nil: none is set.
func environmentTLS() (*tls.Config, error) {
	authority, cert, key := os.Getenv("TSS_TLS_CA"), os.Getenv("TSS_TLS_CLIENT_CERT"), os.Getenv("TSS_TLS_CLIENT_KEY")
	if authority == "" && cert == "" && key == "" {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if authority != "" {
		text, err := readPEM("TSS_TLS_CA", authority)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, unusable("TSS_TLS_CA holds no certificate in PEM.")
		}
	}
	switch {
	case cert != "" && key == "":
		return nil, unusable("TSS_TLS_CLIENT_CERT is set and TSS_TLS_CLIENT_KEY is not: one is of no use without the other.")
	case cert == "" && key != "":
		return nil, unusable("TSS_TLS_CLIENT_KEY is set and TSS_TLS_CLIENT_CERT is not: one is of no use without the other.")
	case cert != "":
		shown := &clientCertificate{cert: cert, key: key}
		if err := shown.read(); err != nil {
			return nil, err
		}
		config.GetClientCertificate = shown.get
	}
	return config, nil
}

// clientCertificate is read again for each connection, so that it may be replaced; the one before is shown while the new
// one cannot be used.
type clientCertificate struct {
	cert, key string
	mu        sync.Mutex
	latest    *tls.Certificate
}

func (shown *clientCertificate) get(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	_ = shown.read()
	shown.mu.Lock()
	defer shown.mu.Unlock()
	return shown.latest, nil
}

func (shown *clientCertificate) read() error {
	cert, err := readPEM("TSS_TLS_CLIENT_CERT", shown.cert)
	if err != nil {
		return err
	}
	key, err := readPEM("TSS_TLS_CLIENT_KEY", shown.key)
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return unusable("TSS_TLS_CLIENT_CERT and TSS_TLS_CLIENT_KEY are no certificate and its key: they must be PEM, or name files of it, that belong together.")
	}
	shown.mu.Lock()
	defer shown.mu.Unlock()
	shown.latest = &pair
	return nil
}

func readPEM(name, value string) ([]byte, error) {
	if strings.Contains(value, "-----BEGIN ") {
		return []byte(value), nil
	}
	text, err := os.ReadFile(value)
	if err != nil {
		return nil, unreadable(fmt.Sprintf("%s names %s, which", name, value), err)
	}
	return text, nil
}

func unusable(sentence string) *Error {
	return &Error{Code: codes.FailedPrecondition, Reason: "TLS_FILES", Message: sentence}
}
