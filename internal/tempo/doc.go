// Package tempo speaks the query API of Grafana Tempo, as Grafana's data source
// calls it: what is asked becomes questions for an engine, and what the engine
// answers becomes Tempo's messages, as JSON or protobuf. It knows nothing of how
// they travel.
//
// Messages are structs with the names that Tempo documents, in
// https://grafana.com/docs/tempo/latest/api_docs/. As JSON they follow proto3: 64-bit
// integers are strings.
package tempo
