package otlp

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
)

// schema says what a test must know of a message to write it in another way.
type schema struct {
	oneof bool // at most one of the fields counts, the last one
	// messages has the fields that are messages. Of those not in repeated, the
	// parts are joined; all other fields are scalars of which the last one counts.
	messages map[protowire.Number]*schema
	repeated map[protowire.Number]bool
}

var requestSchema = func() *schema {
	type (
		messages = map[protowire.Number]*schema
		repeated = map[protowire.Number]bool
	)
	value := &schema{oneof: true}
	pair := &schema{messages: messages{2: value}}
	value.messages = messages{
		anyArray:  {messages: messages{1: value}, repeated: repeated{1: true}},
		anyKvlist: {messages: messages{1: pair}, repeated: repeated{1: true}},
	}
	spans := &schema{
		messages: messages{
			9:  pair,
			11: {messages: messages{3: pair}, repeated: repeated{3: true}},
			13: {messages: messages{4: pair}, repeated: repeated{4: true}},
			15: {},
		},
		repeated: repeated{9: true, 11: true, 13: true},
	}
	scope := &schema{messages: messages{3: pair}, repeated: repeated{3: true}}
	resource := &schema{messages: messages{1: pair}, repeated: repeated{1: true}}
	scopes := &schema{messages: messages{1: scope, 2: spans}, repeated: repeated{2: true}}
	resources := &schema{messages: messages{1: resource, 2: scopes}, repeated: repeated{2: true}}
	return &schema{messages: messages{1: resources}, repeated: repeated{1: true}}
}()

// odd writes messages in ways that no sender chooses and that mean the same.
type odd struct {
	rng *rand.Rand
	// plain leaves out what the library gets wrong: groups, and arrays in parts.
	plain bool
}

type oddField struct {
	number  protowire.Number
	kind    protowire.Type
	content []byte // behind the tag; of bytes without the length
}

// message returns msg in another encoding, or false if it is no valid message.
func (o *odd) message(msg []byte, s *schema) ([]byte, bool) {
	var all []oddField
	for len(msg) > 0 {
		number, kind, n := protowire.ConsumeTag(msg)
		if n < 0 {
			return nil, false
		}
		size := protowire.ConsumeFieldValue(number, kind, msg[n:])
		if size < 0 {
			return nil, false
		}
		f := oddField{number, kind, msg[n : n+size]}
		if kind == protowire.BytesType {
			f.content, _ = protowire.ConsumeBytes(f.content)
		}
		msg = msg[n+size:]
		inner := s.messages[number]
		switch {
		case kind != protowire.BytesType && kind != protowire.VarintType && kind != protowire.Fixed64Type:
		case inner != nil:
			content, ok := o.message(f.content, inner)
			if !ok {
				return nil, false
			}
			f.content = content
			if !s.repeated[number] && o.rng.IntN(3) == 0 && !(o.plain && s.oneof) {
				head, tail := o.split(content)
				all = append(all, oddField{number, kind, head})
				f.content = tail
			}
		case number <= 16 && o.rng.IntN(4) == 0: // an earlier value that does not count
			all = append(all, oddField{number, kind, make([]byte, len(f.content))})
		}
		all = append(all, f)
	}
	if !s.oneof {
		o.shuffle(all)
	}
	var out []byte
	for _, f := range all {
		out = o.field(o.unknown(out), f)
	}
	return o.unknown(out), true
}

// split cuts a message between two fields.
func (o *odd) split(msg []byte) (head, tail []byte) {
	at := 0
	for at < len(msg) && o.rng.IntN(3) > 0 {
		_, _, n := protowire.ConsumeField(msg[at:])
		at += n
	}
	return msg[:at], msg[at:]
}

// shuffle changes the order of fields but for those with the same number.
func (o *odd) shuffle(all []oddField) {
	for range 2 * len(all) {
		if i := o.rng.IntN(len(all)); i > 0 && all[i-1].number != all[i].number {
			all[i-1], all[i] = all[i], all[i-1]
		}
	}
}

func (o *odd) field(dst []byte, f oddField) []byte {
	dst = o.varint(dst, protowire.EncodeTag(f.number, f.kind))
	switch f.kind {
	case protowire.BytesType:
		dst = o.varint(dst, uint64(len(f.content)))
	case protowire.VarintType:
		v, _ := protowire.ConsumeVarint(f.content)
		return o.varint(dst, v)
	}
	return append(dst, f.content...)
}

// varint appends a varint that may be longer than it has to be.
func (o *odd) varint(dst []byte, v uint64) []byte {
	dst = protowire.AppendVarint(dst, v)
	if room := 10 - protowire.SizeVarint(v); room > 0 && o.rng.IntN(4) == 0 {
		for range 1 + o.rng.IntN(room) {
			dst[len(dst)-1] |= 0x80
			dst = append(dst, 0)
		}
	}
	return dst
}

// unknown appends now and then a field that no message has.
func (o *odd) unknown(dst []byte) []byte {
	number := protowire.Number(40 + o.rng.IntN(5000))
	switch o.rng.IntN(24) {
	case 0:
		return o.field(dst, oddField{number, protowire.VarintType, []byte{0xff, 1}})
	case 1:
		return o.field(dst, oddField{number, protowire.Fixed32Type, make([]byte, 4)})
	case 2:
		return o.field(dst, oddField{number, protowire.Fixed64Type, make([]byte, 8)})
	case 3:
		return o.field(dst, oddField{number, protowire.BytesType, make([]byte, o.rng.IntN(200))})
	case 4:
		if !o.plain {
			dst = o.varint(dst, protowire.EncodeTag(number, protowire.StartGroupType))
			return o.varint(o.unknown(o.unknown(dst)), protowire.EncodeTag(number, protowire.EndGroupType))
		}
	}
	return dst
}

func sameAsLibrary(t *testing.T, payload []byte) {
	t.Helper()
	want := oracle(payload)
	if want == nil {
		t.Fatal("the library refuses the payload")
	}
	var got span.Batch
	if _, err := AppendTraces(&got, payload); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(spantest.Dump(want), spantest.Dump(&got)); diff != "" {
		t.Fatalf("against the library (-library +ours):\n%s", diff)
	}
}

// checkOdd decodes a payload as it is and in another encoding.
func checkOdd(t *testing.T, payload []byte, seed uint64) {
	t.Helper()
	var want, got span.Batch
	wanted, err := AppendTraces(&want, payload)
	if err != nil {
		return
	}
	o := odd{rng: rand.New(rand.NewPCG(seed, 0))}
	other, ok := o.message(payload, requestSchema)
	if !ok {
		return // we take field numbers that protobuf does not allow
	}
	res, err := AppendTraces(&got, other)
	if err != nil || res.Accepted != wanted.Accepted || res.Rejected != wanted.Rejected {
		t.Fatalf("seed %d: %+v, %v; want %+v\n%x", seed, res, err, wanted, other)
	}
	if diff := cmp.Diff(spantest.Dump(&want), spantest.Dump(&got)); diff != "" {
		t.Fatalf("seed %d: another encoding of the same (-usual +other):\n%s", seed, diff)
	}
}

func TestOddEncodings(t *testing.T) {
	shop := newShop(3)
	for seed := range uint64(60) {
		_, payload := randomPayload(seed, 12)
		checkOdd(t, payload, seed)
		checkOdd(t, shop.payload(5), seed)
		o := odd{rng: rand.New(rand.NewPCG(seed, 1)), plain: true}
		other, ok := o.message(payload, requestSchema)
		if !ok {
			t.Fatal("our own encoding is no protobuf")
		}
		sameAsLibrary(t, other)
	}
}

func FuzzOddEncodings(f *testing.F) {
	for seed := range uint64(4) {
		_, payload := randomPayload(seed, 3)
		f.Add(payload, seed)
	}
	f.Fuzz(func(t *testing.T, payload []byte, seed uint64) { checkOdd(t, payload, seed) })
}

// wrap makes a request of one span, whose fields follow trace and span id.
func wrap(more ...byte) []byte {
	msg := putBytes(putBytes(nil, 1, []byte("0123456789abcdef")), 2, []byte("01234567"))
	return putBytes(nil, 1, putBytes(nil, 2, putBytes(nil, 2, append(msg, more...))))
}

func TestRefusedEncodings(t *testing.T) {
	refused := map[string][]byte{
		"trace id as varint":         wrap(1<<3|wireVarint, 1),
		"name as group":              wrap(5<<3|wireGroup, 5<<3|wireGroupEnd),
		"kind as bytes":              wrap(6<<3|wireBytes, 0),
		"start as varint":            wrap(7<<3|wireVarint, 0),
		"end as fixed32":             wrap(8<<3|wireFixed32, 0, 0, 0, 0),
		"attribute as varint":        wrap(9<<3|wireVarint, 0),
		"flags as varint":            wrap(0x80|16<<3&0x7f|wireVarint, 1, 0),
		"key as varint":              wrap(9<<3|wireBytes, 2, 1<<3|wireVarint, 0),
		"value as varint":            wrap(9<<3|wireBytes, 2, 2<<3|wireVarint, 0),
		"string as varint":           wrap(9<<3|wireBytes, 4, 2<<3|wireBytes, 2, anyString<<3|wireVarint, 0),
		"int as bytes":               wrap(9<<3|wireBytes, 4, 2<<3|wireBytes, 2, anyInt<<3|wireBytes, 0),
		"name longer than the span":  wrap(5<<3|wireBytes, 2, 'x'),
		"key longer than the pair":   wrap(9<<3|wireBytes, 2, 1<<3|wireBytes, 1),
		"value longer than the pair": wrap(9<<3|wireBytes, 4, 1<<3|wireBytes, 0, 2<<3|wireBytes, 1),
		"text longer than its value": wrap(9<<3|wireBytes, 5, 2<<3|wireBytes, 3, anyString<<3|wireBytes, 2, 'x'),
		"number cut short":           wrap(9<<3|wireBytes, 5, 2<<3|wireBytes, 3, anyDouble<<3|wireFixed64, 0, 0),
		"tag cut short":              wrap(0x80),
		"varint of eleven bytes":     wrap(6<<3|wireVarint, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 0),
		"varint of 65 bits":          wrap(6<<3|wireVarint, 128, 128, 128, 128, 128, 128, 128, 128, 128, 2),
		"length of 64 bits":          wrap(5<<3|wireBytes, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1),
		"group that never ends":      wrap(20<<3&0x7f|0x80|wireGroup, 1),
		"group that never began":     wrap(20<<3&0x7f|0x80|wireGroupEnd, 1),
		"group with another's end":   wrap(20<<3&0x7f|0x80|wireGroup, 1, 21<<3&0x7f|0x80|wireGroupEnd, 1),
		"wire type 6":                wrap(20<<3&0x7f|0x80|6, 1),
		"field number of 33 bits":    wrap(128, 128, 128, 128, 128, 1, 0),
		"a thousand nested groups":   wrap(nested(1000)...),
	}
	for name, payload := range refused {
		var b span.Batch
		if _, err := AppendTraces(&b, payload); !errors.Is(err, ErrMalformed) || b.Len() != 0 {
			t.Errorf("%s: error %v, %d spans left", name, err, b.Len())
		}
	}
	taken := map[string][]byte{
		"nothing odd":    wrap(),
		"nested groups":  wrap(nested(60)...),
		"empty messages": wrap(9<<3|wireBytes, 0, 11<<3|wireBytes, 0, 13<<3|wireBytes, 0, 15<<3|wireBytes, 0),
	}
	for name, payload := range taken {
		var b span.Batch
		if res, err := AppendTraces(&b, payload); err != nil || res.Accepted != 1 {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
	}
}

func nested(depth int) (msg []byte) {
	for range depth {
		msg = append(msg, 20<<3&0x7f|0x80|wireGroup, 1)
	}
	for range depth {
		msg = append(msg, 20<<3&0x7f|0x80|wireGroupEnd, 1)
	}
	return msg
}
