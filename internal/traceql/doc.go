// Package traceql reads TraceQL, the query language of Grafana Tempo, into a syntax
// tree, and writes a tree as text. It knows nothing of how queries are run.
//
// # Grammar
//
// [ ] is optional, * is any number of times, a list is separated by commas.
//
//	query    = [ pipe ] [ "with" "(" list(word "=" static) ")" ] .
//	pipe     = expr ( "|" stage )* .
//	stage    = expr | "by" "(" fields ")" | "select" "(" fields ")" | "coalesce" "(" ")"
//	         | metrics | "topk" "(" int ")" | "bottomk" "(" int ")" .
//	expr     = operand ( op operand )* .
//	operand  = "{" [ field ] "}" | "(" pipe ")" | number | "count" "(" ")"
//	         | ( "min" | "max" | "avg" | "sum" ) "(" field ")" .
//	metrics  = function "(" [ arguments ] ")" [ "by" "(" fields ")" ] .
//	fields   = list(field) .
//	field    = prefix ( op prefix )* .
//	prefix   = ( "!" | "-" ) prefix | "(" field ")" | attribute | intrinsic | static .
//	attribute = [ "parent." ] [ scope ] "." name .
//	intrinsic = [ "parent." ] ( scope ":" word | word ) .
//	scope    = "span" | "resource" | "event" | "link" | "instrumentation" .
//	static   = string | number | duration | "true" | "false" | "nil" | status | kind .
//
// An expr is spansets, a number for each trace, or series; what its operands
// are says which operators it may have. From loose to tight:
//
//	||                          spansets, conditions
//	&&                          spansets, conditions
//	> < >> << ~  !>…  &>…       spansets
//	= != < <= > >=              values, numbers, series with a number
//	=~ !~                       values
//	+ -                         values, numbers, series
//	* / %                       values, numbers, series (not %)
//	^                           values, numbers; from right to left
//	! -                         values; numbers have - as part of a constant
//
// All but ^ group from left to right. A | is looser than all of them.
//
// # Names
//
// The name of an attribute ends at white space, a bracket, a quote, a comma or one of
// = ~ ! < > & | ^ + * %, so .a-b and .a/b are names and .a - .b is a difference. Names with such characters
// are written with quotes, whole or from dot to dot: span."a b", resource.x."a b".y.
// A dot and a digit start a number: an attribute 5xx is ."5xx". After parent., the name of an intrinsic
// without a scope is that intrinsic: the attribute is parent."duration".
//
// # Values
//
// Strings are in double quotes, with the escapes of Go, or in backticks, with none.
// Durations have the units ns us µs ms s m h d w.
//
// Durations and numbers compare with each other, a duration being its
// nanoseconds. They multiply and divide, but do not add. Samples of a metrics query count durations
// in seconds, and so do the numbers that they are compared or computed with: > 100ms is > 0.1.
package traceql
