package tss

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
)

// parseAddresses reads "host:port", or several separated by commas.
func parseAddresses(text string) ([]string, error) {
	var addresses []string
	for part := range strings.SplitSeq(text, ",") {
		address := strings.TrimSpace(part)
		host, port, err := net.SplitHostPort(address)
		number, notNumber := strconv.ParseUint(port, 10, 16)
		if err != nil || notNumber != nil || host == "" || number == 0 {
			message := fmt.Sprintf("The coordinator's address %q is not host:port, such as 127.0.0.1:7400.", address)
			return nil, &Error{Code: codes.InvalidArgument, Message: message}
		}
		addresses = append(addresses, address)
	}
	return addresses, nil
}

// isLoopback says whether every address is this host's own.
func isLoopback(addresses []string) bool {
	for _, address := range addresses {
		host, _, _ := net.SplitHostPort(address)
		ip := net.ParseIP(host)
		if !strings.EqualFold(host, "localhost") && (ip == nil || !ip.IsLoopback()) {
			return false
		}
	}
	return true
}
