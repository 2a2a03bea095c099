package otlp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
)

const (
	protoType = "application/x-protobuf"
	jsonType  = "application/json"
)

var httpPaths = map[string]Signal{"/v1/traces": Traces, "/v1/logs": Logs, "/v1/metrics": Metrics}

// ServeHTTP serves POST /v1/traces, /v1/logs and /v1/metrics, from browsers of
// any origin too. A slow body is the server's to limit, by
// http.Server.ReadTimeout.
//
// Bodies are protobuf or JSON, plain, gzip or zstd. Other encodings, deflate
// among them, are answered with 415: no stock exporter sends them, and each
// would be one more decoder to feed hostile bytes to.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	a := answerer{w, req.Header.Get("Content-Type")}
	AllowOrigin(w.Header())
	signal, ok := httpPaths[req.URL.Path]
	switch {
	case !ok:
		a.fail(http.StatusNotFound, codes.NotFound, fmt.Sprintf("no such endpoint: %.100q; OTLP is served at /v1/traces, /v1/logs and /v1/metrics", req.URL.Path))
		return
	case req.Method == http.MethodOptions:
		Preflight(w, req)
		return
	}
	c := &r.counts[HTTP][signal]
	c.requests.Add(1)
	if req.Method != http.MethodPost {
		c.refused[Unsupported].Add(1)
		w.Header().Set("Allow", "POST, OPTIONS")
		a.fail(http.StatusMethodNotAllowed, codes.Unimplemented, fmt.Sprintf("%.20q is not allowed here; use POST", req.Method))
		return
	}
	res, err := r.post(c, req, signal)
	if err != nil {
		e := classify(req.Context(), err)
		r.refuse(c, e)
		a.refuse(e)
		return
	}
	a.succeed(res)
}

// post does what a request asks for.
func (r *Receiver) post(c *counters, req *http.Request, s Signal) (Result, error) {
	kind, encoding, err := contentOf(req.Header, protoType, jsonType)
	if err != nil {
		return Result{}, err
	}
	if err := r.room(req); err != nil {
		return Result{}, err
	}
	if !s.stored() {
		n, err := io.Copy(io.Discard, io.LimitReader(req.Body, r.o.MaxBody+1))
		c.wire.Add(n)
		if err != nil {
			return Result{}, bodyError(err)
		}
		if n > r.o.MaxBody {
			return Result{}, r.tooLarge(r.o.MaxBody)
		}
		r.drop(c, s)
		return Result{}, nil
	}
	return r.read(c, req, encoding, func(l *lease, p Payload) (Result, error) {
		if kind == jsonType {
			proto := getBuffer(int64(len(p.Raw)))
			defer putBuffer(proto)
			var err error
			if *proto, err = l.fromJSON(*proto, p.Raw, requests[s]); err != nil {
				return Result{}, err
			}
			p = Payload{Raw: *proto}
		}
		return r.append(req.Context(), c, s, p)
	})
}

// room returns why a request need not be read at all, nil if it must.
func (r *Receiver) room(req *http.Request) error {
	if r.full() {
		return errFull
	}
	if req.ContentLength > r.o.MaxBody {
		return r.tooLarge(r.o.MaxBody)
	}
	return nil
}

// read reads and decompresses a request's body and hands it to use, for whose
// time it is valid. The lease covers it.
func (r *Receiver) read(c *counters, req *http.Request, encoding Encoding, use func(*lease, Payload) (Result, error)) (Result, error) {
	l := lease{r: r}
	defer l.release()
	body := getBuffer(bodyHint(req.ContentLength))
	defer putBuffer(body)
	var err error
	*body, err = l.readBody(*body, req.Body)
	c.wire.Add(int64(len(*body)))
	if err != nil {
		return Result{}, bodyError(err)
	}
	p := Payload{Raw: *body}
	if encoding != Identity {
		raw := getBuffer(0)
		defer putBuffer(raw)
		if *raw, err = l.inflate(*raw, encoding, *body); err != nil {
			return Result{}, err
		}
		p = Payload{Raw: *raw, Packed: *body, Encoding: encoding}
	}
	return use(&l, p)
}

// bodyHint is how much room to make for a body of an announced length, which is
// a claim: no more than a usual batch is believed.
func bodyHint(announced int64) int64 { return min(max(announced, 0)+1, 1<<20) }

// inflate appends what packed decompresses to.
func (l *lease) inflate(dst []byte, e Encoding, packed []byte) ([]byte, error) {
	z, err := inflate(e, bytes.NewReader(packed))
	if err != nil {
		return dst, malformed(fmt.Errorf("decompress: %w", err))
	}
	defer z.Close()
	dst, err = l.readBody(dst, z)
	var known *refusal
	if err == nil || errors.As(err, &known) || errors.Is(err, ErrOverloaded) {
		return dst, err
	}
	return dst, malformed(fmt.Errorf("decompress: %w", err))
}

// fromJSON appends the protobuf of a body in JSON. It is smaller but for the
// oddest of bodies, so that room is held for as much again, and for the rest when
// its size is known.
func (l *lease) fromJSON(dst, body []byte, request jsonMessage) ([]byte, error) {
	if err := l.hold(len(body)); err != nil {
		return dst, err
	}
	dst, err := appendFromJSON(dst, body, request)
	if err != nil {
		return dst, malformed(err)
	}
	if int64(len(dst)) > l.r.o.MaxBody {
		return dst, l.r.tooLarge(l.r.o.MaxBody)
	}
	return dst, l.hold(max(0, len(dst)-len(body)))
}

// bodyError names an error of reading a request's body.
func bodyError(err error) error {
	var known *refusal
	var most *http.MaxBytesError
	switch {
	case errors.As(err, &known) || errors.Is(err, ErrOverloaded):
		return err
	case errors.As(err, &most): // of a handler around this one
		return &refusal{TooLarge, err, "send smaller batches"}
	}
	return &refusal{Cancelled, fmt.Errorf("the body did not arrive whole: %w", err), "send it again"}
}

// contentOf reads what a body is from its headers, of the types that there are.
func contentOf(h http.Header, types ...string) (kind string, e Encoding, err error) {
	kind, _, err = mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || !slices.Contains(types, kind) {
		return "", 0, &refusal{Unsupported, fmt.Errorf("unsupported content type %.100q", h.Get("Content-Type")), "send " + strings.Join(types, " or ")}
	}
	// Several headers mean the same as one list.
	switch name := strings.ToLower(strings.Join(h.Values("Content-Encoding"), ", ")); name {
	case "", "identity":
		return kind, Identity, nil
	case "gzip", "x-gzip":
		return kind, Gzip, nil
	case "zstd":
		return kind, Zstd, nil
	default:
		return "", 0, &refusal{Unsupported, fmt.Errorf("unsupported content encoding %.100q", name), "send gzip, zstd or no encoding"}
	}
}

// seconds is a Retry-After header's value.
func seconds(reason Reason) string {
	return strconv.Itoa(int(answers[reason].retryAfter.Seconds()))
}
