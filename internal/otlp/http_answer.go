package otlp

import (
	"encoding/binary"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"

	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// answerer writes answers in the encoding of the request.
type answerer struct {
	w           http.ResponseWriter
	contentType string // of the request
}

// proto says whether to answer in protobuf. Whoever sent something that is
// neither gets JSON, which people can read.
func (a answerer) proto() bool {
	kind, _, _ := mime.ParseMediaType(a.contentType)
	return kind == protoType
}

func (a answerer) write(status int, body []byte) {
	h := a.w.Header()
	if a.proto() {
		h.Set("Content-Type", protoType)
	} else {
		h.Set("Content-Type", jsonType)
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	a.w.WriteHeader(status)
	_, _ = a.w.Write(body) // the sender may be gone, which is its own affair
}

func (a answerer) succeed(res Result) {
	if a.proto() {
		a.write(http.StatusOK, appendResponse(nil, res))
	} else {
		a.write(http.StatusOK, responseJSON(res))
	}
}

func (a answerer) refuse(e *refusal) {
	answer := answers[e.reason]
	if answer.retryAfter > 0 {
		a.w.Header().Set("Retry-After", seconds(e.reason))
	}
	if e.reason == Unsupported {
		a.w.Header().Set("Accept-Encoding", "gzip, zstd, identity") // RFC 7694
	}
	a.fail(answer.http, answer.code, e.Error())
}

// fail writes a google.rpc.Status.
func (a answerer) fail(status int, code codes.Code, message string) {
	var body []byte
	var err error
	if a.proto() {
		body, err = proto.Marshal(&rpcstatus.Status{Code: int32(code), Message: message})
	} else {
		body, err = json.Marshal(struct {
			Code    codes.Code `json:"code"`
			Message string     `json:"message"`
		}{code, message})
	}
	if err != nil {
		panic(err) // messages are valid UTF-8
	}
	a.write(status, body)
}

// appendResponse appends an ExportTraceServiceResponse: partial_success is its
// field 1, of which 1 is rejected_spans and 2 error_message. It is empty when
// nothing was rejected.
func appendResponse(dst []byte, res Result) []byte {
	if res.Rejected == 0 {
		return dst
	}
	reason := strings.ToValidUTF8(res.Reason, "\uFFFD")
	partial := binary.AppendUvarint([]byte{1 << 3}, uint64(res.Rejected))
	partial = append(binary.AppendUvarint(append(partial, 2<<3|2), uint64(len(reason))), reason...)
	return append(binary.AppendUvarint(append(dst, 1<<3|2), uint64(len(partial))), partial...)
}

// responseJSON is the same in JSON.
func responseJSON(res Result) []byte {
	type partial struct {
		Rejected int64  `json:"rejectedSpans,string"`
		Message  string `json:"errorMessage"`
	}
	var r struct {
		Partial *partial `json:"partialSuccess,omitempty"`
	}
	if res.Rejected != 0 {
		r.Partial = &partial{int64(res.Rejected), res.Reason}
	}
	body, err := json.Marshal(r)
	if err != nil {
		panic(err) // a number and a string
	}
	return body
}
