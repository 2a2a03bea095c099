// Package engine answers queries over the spans of a store, from columns.
//
// A query is a syntax tree of package traceql; texts are parsed, and trees of
// other protocols made, by who asks. What there is at one moment, heads and
// blocks, is one View, and a query reads one from start to end.
package engine
