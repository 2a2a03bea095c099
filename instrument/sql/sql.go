// Package sql traces database/sql: a span for each statement, called by what
// it does to which table.
//
//	db, err := tracedsql.Open("postgres", dsn, tracedsql.System("postgresql"))
//
// The text of a statement is on its span, the arguments never are: they hold
// what users typed. So write `WHERE id = ?`, not the value into the text.
package sql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"regexp"
	"strings"

	"github.com/XSAM/otelsql"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/everspan/everspan/instrument"
)

// Open is sql.Open with traced statements. Statements outside of a trace, as
// those of a migration at the start, make no spans; neither do the driver's
// own steps: connecting, preparing, reading rows.
func Open(driverName, dsn string, opts ...otelsql.Option) (*sql.DB, error) {
	return otelsql.Open(driverName, dsn, options(opts)...)
}

// OpenDB is sql.OpenDB with traced statements, see [Open].
func OpenDB(c driver.Connector, opts ...otelsql.Option) *sql.DB {
	return otelsql.OpenDB(c, options(opts)...)
}

// System names the database: "postgresql", "mysql", "sqlite"; and its
// namespace, if given: the name of the database in the server.
func System(system string, namespace ...string) otelsql.Option {
	attrs := otelsql.WithAttributes(semconv.DBSystemNameKey.String(system))
	if len(namespace) > 0 {
		attrs = otelsql.WithAttributes(semconv.DBSystemNameKey.String(system), semconv.DBNamespace(namespace[0]))
	}
	return attrs
}

// With makes [Open] use a Telemetry that is not the global one.
func With(t *instrument.Telemetry) otelsql.Option {
	return otelsql.WithTracerProvider(t.TracerProvider())
}

func options(opts []otelsql.Option) []otelsql.Option {
	return append([]otelsql.Option{
		otelsql.WithSpanNameFormatter(spanName),
		otelsql.WithSpanOptions(otelsql.SpanOptions{
			OmitConnResetSession: true,
			OmitConnPrepare:      true,
			OmitConnectorConnect: true,
			OmitRows:             true,
			DisableErrSkip:       true,
			SpanFilter:           inTrace,
		}),
	}, opts...)
}

func inTrace(ctx context.Context, _ otelsql.Method, _ string, _ []driver.NamedValue) bool {
	return trace.SpanContextFromContext(ctx).IsValid()
}

var target = regexp.MustCompile(`(?is)\b(?:from|into|update|table|join)\s+["` + "`" + `\[]?([\w.$]+)`)

// spanName is "SELECT orders": the verb and the first table.
// Source: https://opentelemetry.io/docs/specs/semconv/db/database-spans/#name
func spanName(_ context.Context, method otelsql.Method, query string) string {
	switch method {
	case otelsql.MethodConnBeginTx:
		return "BEGIN"
	case otelsql.MethodTxCommit:
		return "COMMIT"
	case otelsql.MethodTxRollback:
		return "ROLLBACK"
	}
	verb, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	verb = strings.ToUpper(strings.TrimRight(verb, ";\n\t"))
	if verb == "" || len(verb) > 16 {
		return string(method)
	}
	if m := target.FindStringSubmatch(query); m != nil {
		return verb + " " + m[1]
	}
	return verb
}
