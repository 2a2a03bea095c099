// Package traceql reads TraceQL, the query language of Grafana Tempo, into a syntax
// tree, and writes a tree as text. It knows nothing of how queries are run.
//
// # Grammar
//
// What stands in [ ] may be missing, ( )* is any number of times, and a list has
// commas between its parts.
//
//	query     = [ pipe ] [ "with" "(" list(word "=" static) ")" ] .
//	pipe      = expr ( "|" stage )* .
//	stage     = expr | metrics
//	          | "by" "(" fields ")" | "select" "(" fields ")" | "coalesce" "(" ")"
//	          | ( "topk" | "bottomk" ) "(" int ")" .
//	expr      = operand ( op operand )* .
//	operand   = "{" [ field ] "}" | "(" pipe ")" | number | "count" "(" ")"
//	          | ( "min" | "max" | "avg" | "sum" ) "(" field ")" .
//	metrics   = function "(" [ arguments ] ")" [ "by" "(" fields ")" ] .
//	fields    = list(field) .
//	field     = prefix ( op prefix )* .
//	prefix    = ( "!" | "-" ) prefix | "(" field ")" | attribute | intrinsic | static .
//	attribute = [ "parent." ] [ scope ] "." name .
//	intrinsic = [ "parent." ] ( scope ":" word | "trace:" word | word ) .
//	scope     = "span" | "resource" | "event" | "link" | "instrumentation" .
//	static    = string | number | duration | "true" | "false" | "nil" | status | kind .
//
// Behind parent. an attribute of any scope has no dot of its own: parent.x.
//
// An expr is spansets, a number for each spanset, or series. Which of them its
// operands are says which operators it may have. From loose to tight:
//
//	||                           spansets, conditions
//	&&                           spansets, conditions
//	> < >> << ~ , with ! or &    spansets
//	= != < <= > >=               values, numbers, series with a number on the right
//	=~ !~                        values with a string
//	+ -                          values, numbers, series
//	* / %                        values, numbers, series but for %
//	^                            values, numbers; from right to left
//	! -                          values
//
// All but ^ group from left to right. A | is looser than all of them. Before a
// number, - is part of the constant, so -2 ^ 2 is 4; numbers for each spanset
// have no other -.
//
// # Names
//
// The name of an attribute ends at white space, a bracket, a quote, a comma or one
// of = ~ ! < > & | ^ + * %, so .a-b and .a/b are names and .a - .b is a difference.
// Other names are in quotes, whole or from dot to dot: span."a b",
// resource.x."a b".y. A dot and a digit start a number, so the attribute 5xx is
// ."5xx". The name of an intrinsic behind parent. is that intrinsic; the attribute
// is parent."duration".
//
// # Values
//
// Strings are in double quotes, with the escapes of Go, or in backticks, with
// none. Durations have the units ns us µs ms s m h d w.
//
// Durations and numbers compare with each other, a duration as its nanoseconds.
// They multiply and divide each other, but do not add. Samples of a metrics query
// have durations in seconds, and so do the numbers that they are compared and
// computed with: > 100ms is > 0.1.
package traceql
