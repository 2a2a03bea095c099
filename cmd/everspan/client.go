package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"golang.org/x/term"
)

// serverFlag is what every command has that asks a running server.
type serverFlag struct {
	Server string `default:"${server}" env:"EVERSPAN_SERVER" placeholder:"URL" help:"Address of the server to ask (${default})."`
}

// queryTime is how long an answer may take.
const queryTime = time.Minute

// get asks the server for path and decodes its JSON answer into v; the raw
// answer is returned as well.
func (s serverFlag) get(ctx context.Context, path string, v any) ([]byte, error) {
	body, err := s.fetch(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return nil, &hinted{fmt.Errorf("the answer of %s is not everspan's: %w", withScheme(s.Server), err), "Say where it is with --server URL."}
	}
	return body, nil
}

// fetch asks the server for path and returns the answer as it is.
func (s serverFlag) fetch(ctx context.Context, path string) ([]byte, error) {
	base := withScheme(s.Server)
	u, err := url.Parse(strings.TrimRight(base, "/") + path)
	if err != nil {
		return nil, fmt.Errorf("--server %s: %w", s.Server, err)
	}
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("--server %s: %w", s.Server, err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, &hinted{fmt.Errorf("no everspan answers at %s: %w", base, plainCause(err)),
			"Start it with `everspan serve`, or say where it is with --server URL (or EVERSPAN_SERVER)."}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", base, err)
	}
	if res.StatusCode != http.StatusOK {
		var p struct{ Error, Hint string }
		if json.Unmarshal(body, &p) != nil || p.Error == "" {
			return nil, &hinted{fmt.Errorf("%s answered %s", u, res.Status), "Is this the address of an everspan? Say where it is with --server URL."}
		}
		return nil, &statusError{res.StatusCode, &hinted{errors.New(p.Error), p.Hint}}
	}
	return body, nil
}

// plainCause leaves the method and the address out of an error of a request.
func plainCause(err error) error {
	var inner *url.Error
	if errors.As(err, &inner) {
		return inner.Err
	}
	return err
}

func withScheme(address string) string {
	if address == "" || strings.Contains(address, "://") {
		return address
	}
	return "http://" + address
}

// statusError is an error that the server told.
type statusError struct {
	status int
	*hinted
}

func (e *statusError) Unwrap() error { return e.hinted }

var (
	traceparent = regexp.MustCompile(`\b[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}\b`)
	longHex     = regexp.MustCompile(`(?i)\b[0-9a-f]{32}\b`)
	namedHex    = regexp.MustCompile(`(?i)trace_?id["']?\s*[=:]\s*["']?([0-9a-f]{1,32})\b`)
	onlyHex     = regexp.MustCompile(`(?i)^[0-9a-f]{1,32}$`)
)

// findTraceID finds the trace id in what a person may paste: the id, a
// traceparent, an address or a line of a log.
func findTraceID(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if onlyHex.MatchString(text) {
		return text, true
	}
	for _, re := range []*regexp.Regexp{traceparent, namedHex} {
		if m := re.FindStringSubmatch(text); m != nil {
			return m[1], true
		}
	}
	id := longHex.FindString(text)
	return id, id != ""
}

// terminalOf tells how wide standard output is and whether it takes colour.
// What is piped is plain and 120 columns wide.
func terminalOf(out *os.File) (width int, color bool) {
	if width, _, err := term.GetSize(int(out.Fd())); err == nil && width > 0 {
		return width, os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	return 120, false
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
