//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// httpSender posts bodies to a path of OTLP over a connection of its own.
type httpSender struct {
	client   *http.Client
	url      string
	encoding string // empty: not compressed
}

func newHTTPSender(addr, path, compression string) (sender, error) {
	if !strings.Contains(addr, "://") {
		addr = "http://" + addr
	}
	if compression == "none" {
		compression = ""
	}
	t := &http.Transport{MaxConnsPerHost: 1, DisableCompression: true, WriteBufferSize: 64 << 10}
	return &httpSender{&http.Client{Transport: t}, strings.TrimSuffix(strings.TrimSuffix(addr, "/"), path) + path, compression}, nil
}

func (s *httpSender) close() { s.client.CloseIdleConnections() }

func (s *httpSender) send(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	if s.encoding != "" {
		req.Header.Set("Content-Encoding", s.encoding)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return &refusal{err: err} // the connection broke or there is none
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return &refusal{err: err}
	}
	switch res.StatusCode {
	case http.StatusOK:
		return partialSuccess(answer)
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &refusal{fmt.Errorf("%s: %s: %q", s.url, res.Status, answer), retryAfter(res.Header.Get("Retry-After"))}
	}
	return fmt.Errorf("%s: %s: %q", s.url, res.Status, answer)
}

// retryAfter reads a Retry-After header: seconds or a date.
func retryAfter(text string) time.Duration {
	if n, err := strconv.Atoi(text); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}
