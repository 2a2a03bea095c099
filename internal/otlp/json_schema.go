package otlp

import (
	"bytes"
	"strings"
)

// jsonKind is how a field is written in JSON, and how in protobuf.
type jsonKind uint8

const (
	jsonString  jsonKind = iota // string
	jsonHex                     // string in base 16 → bytes: ids, where OTLP departs from protobuf's JSON
	jsonBase64                  // string in base 64 → bytes
	jsonBool                    // true, false → varint
	jsonInt64                   // number or string → varint
	jsonUint32                  // the same
	jsonEnum                    // number, or the value's name → varint
	jsonFixed32                 // number or string → fixed32
	jsonFixed64                 // the same → fixed64
	jsonDouble                  // number or string, also NaN, Infinity, -Infinity → fixed64
	jsonObject                  // object → message
)

// jsonField describes a field of a message.
type jsonField struct {
	num  uint32
	kind jsonKind
	list bool
	of   jsonMessage      // of jsonObject
	enum map[string]int32 // of jsonEnum
}

// jsonMessage is a message's fields by their names in lowerCamelCase.
type jsonMessage map[string]jsonField

// field finds a field by its name in JSON. OTLP wants lowerCamelCase; names as
// in the .proto files are understood as well, as the Collector does: to ignore
// them as unknown would lose the spans.
func (m jsonMessage) field(name []byte) (jsonField, bool) {
	f, ok := m[string(name)]
	if !ok && bytes.IndexByte(name, '_') >= 0 {
		parts := strings.Split(string(name), "_")
		for i, p := range parts[1:] {
			if p != "" {
				parts[i+1] = strings.ToUpper(p[:1]) + p[1:]
			}
		}
		f, ok = m[strings.Join(parts, "")]
	}
	return f, ok
}

// requests are the schemas of ExportTraceServiceRequest and ExportLogsServiceRequest, as
// of opentelemetry-proto v1.9, without what is deprecated or for profiles only.
var requests = func() (of [signals]jsonMessage) {
	anyValue := jsonMessage{}
	keyValue := jsonMessage{
		"key":   {num: 1},
		"value": {num: 2, kind: jsonObject, of: anyValue},
	}
	attributes := func(num uint32) jsonField { return jsonField{num: num, kind: jsonObject, list: true, of: keyValue} }
	count := func(num uint32) jsonField { return jsonField{num: num, kind: jsonUint32} }
	list := func(num uint32, of jsonMessage) jsonField {
		return jsonField{num: num, kind: jsonObject, list: true, of: of}
	}

	anyValue["stringValue"] = jsonField{num: 1}
	anyValue["boolValue"] = jsonField{num: 2, kind: jsonBool}
	anyValue["intValue"] = jsonField{num: 3, kind: jsonInt64}
	anyValue["doubleValue"] = jsonField{num: 4, kind: jsonDouble}
	anyValue["arrayValue"] = jsonField{num: 5, kind: jsonObject, of: jsonMessage{"values": list(1, anyValue)}}
	anyValue["kvlistValue"] = jsonField{num: 6, kind: jsonObject, of: jsonMessage{"values": list(1, keyValue)}}
	anyValue["bytesValue"] = jsonField{num: 7, kind: jsonBase64}

	resource := jsonMessage{
		"attributes":             attributes(1),
		"droppedAttributesCount": count(2),
		"entityRefs": list(3, jsonMessage{
			"schemaUrl":       {num: 1},
			"type":            {num: 2},
			"idKeys":          {num: 3, list: true},
			"descriptionKeys": {num: 4, list: true},
		}),
	}
	scope := jsonMessage{
		"name":                   {num: 1},
		"version":                {num: 2},
		"attributes":             attributes(3),
		"droppedAttributesCount": count(4),
	}
	event := jsonMessage{
		"timeUnixNano":           {num: 1, kind: jsonFixed64},
		"name":                   {num: 2},
		"attributes":             attributes(3),
		"droppedAttributesCount": count(4),
	}
	link := jsonMessage{
		"traceId":                {num: 1, kind: jsonHex},
		"spanId":                 {num: 2, kind: jsonHex},
		"traceState":             {num: 3},
		"attributes":             attributes(4),
		"droppedAttributesCount": count(5),
		"flags":                  {num: 6, kind: jsonFixed32},
	}
	status := jsonMessage{
		"message": {num: 2},
		"code": {num: 3, kind: jsonEnum, enum: map[string]int32{
			"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2,
		}},
	}
	span := jsonMessage{
		"traceId":      {num: 1, kind: jsonHex},
		"spanId":       {num: 2, kind: jsonHex},
		"traceState":   {num: 3},
		"parentSpanId": {num: 4, kind: jsonHex},
		"name":         {num: 5},
		"kind": {num: 6, kind: jsonEnum, enum: map[string]int32{
			"SPAN_KIND_UNSPECIFIED": 0, "SPAN_KIND_INTERNAL": 1, "SPAN_KIND_SERVER": 2,
			"SPAN_KIND_CLIENT": 3, "SPAN_KIND_PRODUCER": 4, "SPAN_KIND_CONSUMER": 5,
		}},
		"startTimeUnixNano":      {num: 7, kind: jsonFixed64},
		"endTimeUnixNano":        {num: 8, kind: jsonFixed64},
		"attributes":             attributes(9),
		"droppedAttributesCount": count(10),
		"events":                 list(11, event),
		"droppedEventsCount":     count(12),
		"links":                  list(13, link),
		"droppedLinksCount":      count(14),
		"status":                 {num: 15, kind: jsonObject, of: status},
		"flags":                  {num: 16, kind: jsonFixed32},
	}
	severities := make(map[string]int32)
	for i, name := range []string{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"} {
		for n, more := range []string{"", "2", "3", "4"} {
			severities["SEVERITY_NUMBER_"+name+more] = int32(4*i + n + 1)
		}
	}
	record := jsonMessage{
		"timeUnixNano":           {num: 1, kind: jsonFixed64},
		"severityNumber":         {num: 2, kind: jsonEnum, enum: severities},
		"severityText":           {num: 3},
		"body":                   {num: 5, kind: jsonObject, of: anyValue},
		"attributes":             attributes(6),
		"droppedAttributesCount": count(7),
		"flags":                  {num: 8, kind: jsonFixed32},
		"traceId":                {num: 9, kind: jsonHex},
		"spanId":                 {num: 10, kind: jsonHex},
		"observedTimeUnixNano":   {num: 11, kind: jsonFixed64},
		"eventName":              {num: 12},
	}

	// request is records in groups by scope and resource.
	request := func(records, scopes, resources string, item jsonMessage) jsonMessage {
		group := jsonMessage{
			"scope":     {num: 1, kind: jsonObject, of: scope},
			records:     list(2, item),
			"schemaUrl": {num: 3},
		}
		return jsonMessage{resources: list(1, jsonMessage{
			"resource":  {num: 1, kind: jsonObject, of: resource},
			scopes:      list(2, group),
			"schemaUrl": {num: 3},
		})}
	}
	of[Traces] = request("spans", "scopeSpans", "resourceSpans", span)
	of[Logs] = request("logRecords", "scopeLogs", "resourceLogs", record)
	return of
}()
