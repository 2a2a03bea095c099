package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// customer is somebody with a browser: plain HTTP, no tracing. So the first
// span of every trace is the gateway's.
type customer struct {
	url    string
	key    []byte
	client http.Client
}

func (s *Shop) customer() *customer {
	return &customer{url: s.URL(), key: s.key, client: http.Client{Timeout: 15 * time.Second}}
}

// visit is one request and how it went.
type visit struct {
	name    string // POST /checkout
	status  int
	took    time.Duration
	traceID string // 32 hex digits
	reason  string // of an error answer
}

func (c *customer) checkout(ctx context.Context, user string) (visit, error) {
	return c.send(ctx, http.MethodPost, "/checkout", newToken(c.key, user), checkoutRequest{countries[user]})
}

func (c *customer) addItem(ctx context.Context, user string, it item) (visit, error) {
	return c.send(ctx, http.MethodPost, "/cart/items", newToken(c.key, user), it)
}

func (c *customer) products(ctx context.Context) (visit, error) {
	return c.send(ctx, http.MethodGet, "/products", "", nil)
}

// send returns an error only when there was no answer.
func (c *customer) send(ctx context.Context, method, path, token string, in any) (visit, error) {
	v := visit{name: method + " " + path}
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return v, err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, body)
	if err != nil {
		return v, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	started := time.Now()
	res, err := c.client.Do(req)
	if err != nil {
		return v, fmt.Errorf("%s: %w", v.name, err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return v, fmt.Errorf("%s: read answer: %w", v.name, err)
	}
	v.took = time.Since(started)
	v.status = res.StatusCode
	if parts := strings.Split(res.Header.Get("Traceresponse"), "-"); len(parts) == 4 {
		v.traceID = parts[1]
	}
	var e errorBody
	if v.status >= 400 && json.Unmarshal(data, &e) == nil {
		v.reason = e.Error
	}
	return v, nil
}
