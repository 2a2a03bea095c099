package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
)

// reportExportErrors prints what the SDK can't tell anyone else: that spans
// are not taken. Seven services have the same to say, so it is said once in
// ten seconds.
func reportExportErrors(w io.Writer) {
	var mu sync.Mutex
	var last time.Time
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(last) < 10*time.Second {
			return
		}
		last = time.Now()
		fmt.Fprintln(w, "shop: telemetry:", err)
	}))
}
