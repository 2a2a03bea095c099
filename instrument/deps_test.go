package instrument_test

import (
	"os/exec"
	"strings"
	"testing"
)

// Nobody pays for what is not used: brokers, database/sql and gRPC's
// instrumentation are linked by the packages of their own only.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for dep := range strings.Lines(string(out)) {
		for _, heavy := range []string{"twmb/franz-go", "nats-io/", "amqp091-go", "aws-sdk-go", "otelgrpc", "otelsql", "database/sql\n"} {
			if strings.Contains(dep, heavy) {
				t.Errorf("package instrument imports %s", dep)
			}
		}
	}
}
