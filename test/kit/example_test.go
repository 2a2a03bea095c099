package kit

import (
	"context"
	"fmt"

	"github.com/everspan/everspan/instrument/sql"
)

func Example_database() {
	db, err := sql.Open("sqlite", ":memory:", sql.System("sqlite"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	var n int
	err = db.QueryRowContext(context.Background(), "SELECT 1").Scan(&n)
	fmt.Println(n, err)
	// Output: 1 <nil>
}
