// Package kit holds the tests of package instrument with real brokers, a real
// database and real RPC, whose modules are too heavy for instrument's own
// go.mod.
package kit
