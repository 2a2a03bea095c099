package kit

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/everspan/everspan/instrument"
	"github.com/everspan/everspan/instrument/sql"
	"github.com/everspan/everspan/instrument/tracetest"
)

func TestSQL(t *testing.T) {
	rec := tracetest.New(t)
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "x.db"), sql.With(rec.Telemetry), sql.System("sqlite", "shop"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE orders (id TEXT)"); err != nil { // outside of a trace
		t.Fatal(err)
	}
	err = instrument.Do(rec.Context(t.Context()), "order.place", func(ctx context.Context) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		if _, err := tx.ExecContext(ctx, "INSERT INTO orders (id) VALUES (?)", "secret"); err != nil {
			return err
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		var n int
		if err := db.QueryRowContext(ctx, "select count(*)\nfrom orders where id = ?", "secret").Scan(&n); err != nil {
			return err
		}
		_, err = db.ExecContext(ctx, "DELETE FROM nowhere")
		return err
	})
	if err == nil {
		t.Error("no error from a table that is not there")
	}
	rec.Expect(`
		order.place !
		  BEGIN
		  INSERT orders
		  COMMIT
		  SELECT orders
		  DELETE nowhere !
	`)
	span := rec.Span("INSERT orders")
	if got := span.Attr("db.query.text"); got != "INSERT INTO orders (id) VALUES (?)" {
		t.Errorf("db.query.text = %q", got)
	}
	if got := span.Attr("db.system.name") + " " + span.Attr("db.namespace"); got != "sqlite shop" {
		t.Errorf("system and namespace %q", got)
	}
	for _, s := range rec.Spans() {
		for _, a := range s.Attributes() {
			if strings.Contains(a.Value.String(), "secret") {
				t.Errorf("an argument is in %s", a.Key)
			}
		}
	}
}
