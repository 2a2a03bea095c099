//go:build linux

package main

import (
	"fmt"
	"strings"
)

// stack is a stack trace with one line that varies, between before and after.
type stack struct{ kind, message, before, after string }

// stacks are two stack traces of 1 to 2 KB for each language.
var stacks = map[string]*[2]stack{
	"java": {
		newStack("java.util.concurrent.TimeoutException", "no answer after ", "\tat shop.%[1]s.%[2]s(%[2]s.java:%[3]d)\n", "\tat shop.generated.Lambda$", "(Unknown Source)\n", 26),
		newStack("java.sql.SQLTransientConnectionException", "HikariPool-1 - Connection is not available, request timed out after ", "\tat com.zaxxer.hikari.%[1]s.%[2]s(%[2]s.java:%[3]d)\n", "\tat shop.generated.Proxy$", "(Unknown Source)\n", 20),
	},
	"go": {
		newStack("*net.OpError", "read tcp: i/o timeout after ", "github.com/shop/%[1]s.(*%[2]s).Do(0xc000)\n\t/src/shop/%[1]s/%[2]s.go:%[3]d +0x1d4\n", "goroutine ", " [select]:\n", 17),
		newStack("*status.Error", "rpc error: code = DeadlineExceeded desc = context deadline exceeded after ", "google.golang.org/grpc/%[1]s.(*%[2]s).Invoke(...)\n\t/src/grpc/%[1]s/%[2]s.go:%[3]d +0x88\n", "goroutine ", " [chan receive]:\n", 14),
	},
	"nodejs": {
		newStack("FetchError", "network timeout at upstream after ", "    at %[2]s.%[1]s (/app/node_modules/shop-%[1]s/dist/%[2]s.js:%[3]d:17)\n", "    at processTicks (node:internal/process/task_queues:", ":5)\n", 18),
		newStack("MongoServerSelectionError", "Server selection timed out after ", "    at async %[2]s.%[1]s (/app/node_modules/mongodb/lib/%[1]s/%[2]s.js:%[3]d:42)\n", "    at listOnTimeout (node:internal/timers:", ":17)\n", 15),
	},
	"python": {
		newStack("requests.exceptions.ReadTimeout", "Read timed out after ", "  File \"/app/shop/%[1]s/%[2]s.py\", line %[3]d, in call\n    return self.%[1]s.send(request)\n", "  File \"/app/shop/main.py\", line ", ", in handle\n", 17),
		newStack("psycopg.OperationalError", "canceling statement due to statement timeout after ", "  File \"/usr/lib/python3/psycopg/%[1]s/%[2]s.py\", line %[3]d, in execute\n    raise ex\n", "  File \"/app/shop/db.py\", line ", ", in query\n", 14),
	},
}

// newStack writes a stack of so many frames; the varying line is in its middle.
func newStack(kind, message, frame, before, after string, frames int) stack {
	areas := []string{"client", "transport", "pool", "retry", "handler", "context", "router", "server"}
	types := []string{"Call", "Session", "Channel", "Executor", "Worker", "Filter", "Interceptor"}
	var top, bottom strings.Builder
	fmt.Fprintf(&top, "%s\n", kind)
	for i := range frames {
		to := &top
		if i >= frames/2 {
			to = &bottom
		}
		fmt.Fprintf(to, frame, areas[i*5%len(areas)], types[i*3%len(types)], 40+i*53%900)
	}
	return stack{kind, message, top.String() + before, after + bottom.String()}
}
