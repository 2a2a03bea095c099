package api

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/VictoriaMetrics/easyproto"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
)

// dial serves s on a free port, and returns a connection to it.
func dial(t *testing.T, s *grpc.Server) *grpc.ClientConn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); s.Stop() })
	return conn
}

// rawCodec sends and receives encoded messages.
type rawCodec struct{ encoding.CodecV2 }

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

// ask calls a method, and returns all messages that come.
func ask(t *testing.T, conn *grpc.ClientConn, method string, req []byte) (messages [][]byte, trailer []string, err error) {
	t.Helper()
	stream, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true}, method, grpc.ForceCodecV2(rawCodec{}))
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg(&req); err != nil {
		t.Fatal(err)
	}
	stream.CloseSend()
	for {
		var m []byte
		switch err := stream.RecvMsg(&m); {
		case errors.Is(err, io.EOF):
			return messages, stream.Trailer()["x-everspan-partial"], nil
		case err != nil:
			return messages, nil, err
		}
		messages = append(messages, m)
	}
}

// message encodes a request.
func message(fill func(m *easyproto.MessageMarshaler)) []byte { return encodeJaeger(fill) }

// wireText prints a message by the numbers of its fields.
func wireText(out *strings.Builder, indent string, msg []byte) {
	if !valid(msg) {
		fmt.Fprintf(out, "%s%x\n", indent, msg)
		return
	}
	for len(msg) > 0 {
		number, kind, n := protowire.ConsumeTag(msg)
		msg = msg[n:]
		fmt.Fprintf(out, "%s%d: ", indent, number)
		switch kind {
		case protowire.VarintType:
			v, n := protowire.ConsumeVarint(msg)
			msg = msg[n:]
			fmt.Fprintln(out, v)
		case protowire.Fixed64Type:
			v, n := protowire.ConsumeFixed64(msg)
			msg = msg[n:]
			fmt.Fprintf(out, "%d (fixed)\n", v)
		case protowire.BytesType:
			v, n := protowire.ConsumeBytes(msg)
			msg = msg[n:]
			switch {
			case printable(v):
				fmt.Fprintf(out, "%q\n", v)
			case valid(v):
				fmt.Fprintln(out, "{")
				wireText(out, indent+"  ", v)
				fmt.Fprintf(out, "%s}\n", indent)
			default:
				fmt.Fprintln(out, hex.EncodeToString(v))
			}
		}
	}
}

func printable(v []byte) bool {
	return utf8.Valid(v) && strings.IndexFunc(string(v), func(r rune) bool { return r < ' ' }) < 0
}

func valid(v []byte) bool {
	for len(v) > 0 {
		number, kind, n := protowire.ConsumeTag(v)
		if n < 0 || kind > protowire.BytesType || number > 20 {
			return false
		}
		v = v[n:]
		if n = protowire.ConsumeFieldValue(number, kind, v); n < 0 {
			return false
		}
		v = v[n:]
	}
	return true
}

// goldenCalls compares what the methods of a service answer with a golden file.
func goldenCalls(t *testing.T, file string, conn *grpc.ClientConn, calls []callJaeger) {
	t.Helper()
	var got strings.Builder
	for _, c := range calls {
		fmt.Fprintf(&got, "%s", c.method)
		if c.req != nil {
			got.WriteString("\n")
			wireText(&got, "  > ", c.req)
		} else {
			got.WriteString("\n")
		}
		messages, _, err := ask(t, conn, c.method, c.req)
		for _, m := range messages {
			fmt.Fprintf(&got, "message\n")
			wireText(&got, "  ", m)
		}
		if err != nil {
			fmt.Fprintf(&got, "%s: %s\n", status.Code(err), status.Convert(err).Message())
		}
		got.WriteString("\n")
	}
	goldenText(t, file, got.String())
}

type callJaeger struct {
	method string
	req    []byte
}
