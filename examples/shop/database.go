package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"regexp"

	"github.com/XSAM/otelsql"
	tracedsql "github.com/everspan/everspan/instrument/sql"
	_ "modernc.org/sqlite" // the driver "sqlite", in pure Go
)

// openDatabase opens a service's own SQLite file and creates its tables. The
// schema is set up before tracing is looked at: it is no part of a request.
func openDatabase(ctx context.Context, svc *service, dir, schema string) (*sql.DB, error) {
	file := filepath.Join(dir, svc.name+".db")
	dsn := "file:" + filepath.ToSlash(file) + "?_pragma=journal_mode(WAL)&_pragma=busy_timeout(2000)&_pragma=synchronous(NORMAL)"
	db, err := tracedsql.Open("sqlite", dsn, tracedsql.With(svc.telemetry), tracedsql.System("sqlite", svc.name),
		otelsql.WithSpanNameFormatter(querySpanName))
	if err != nil {
		return nil, fmt.Errorf("%s: open database: %w", svc.name, err)
	}
	if _, err := db.ExecContext(ctx, schema); err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: create tables: %w", svc.name, err)
	}
	return db, nil
}

var tableName = regexp.MustCompile(`(?i)\b(?:from|into|update)\s+(\w+)`)

// querySpanName is "db.query pricing_rules": what is done, to which table.
func querySpanName(_ context.Context, method otelsql.Method, query string) string {
	verb := "db.exec"
	switch method {
	case otelsql.MethodConnQuery, otelsql.MethodStmtQuery:
		verb = "db.query"
	case otelsql.MethodConnBeginTx:
		return "db.begin"
	case otelsql.MethodTxCommit:
		return "db.commit"
	case otelsql.MethodTxRollback:
		return "db.rollback"
	}
	if m := tableName.FindStringSubmatch(query); m != nil {
		return verb + " " + m[1]
	}
	return verb
}
