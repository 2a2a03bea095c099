package instrument

import (
	"errors"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
)

func attrs(kvs []attribute.KeyValue) map[string]string {
	m := map[string]string{}
	for _, kv := range kvs {
		m[string(kv.Key)] = kv.Value.String()
	}
	return m
}

func TestServiceName(t *testing.T) {
	tests := []struct {
		env  map[string]string
		o    Options
		name string
	}{
		{nil, Options{}, "instrument"},
		{map[string]string{"OTEL_SERVICE_NAME": "env"}, Options{}, "env"},
		{map[string]string{"OTEL_RESOURCE_ATTRIBUTES": "service.name=attr,team=blue"}, Options{}, "attr"},
		{map[string]string{"OTEL_SERVICE_NAME": "env", "OTEL_RESOURCE_ATTRIBUTES": "service.name=attr"}, Options{}, "env"},
		{map[string]string{"OTEL_SERVICE_NAME": "env"}, Options{ServiceName: "code"}, "code"},
		{map[string]string{"OTEL_RESOURCE_ATTRIBUTES": "broken"}, Options{}, "instrument"},
	}
	for _, tt := range tests {
		for k, v := range tt.env {
			os.Setenv(k, v)
		}
		var out strings.Builder
		got := attrs(newResource(t.Context(), &tt.o, &reporter{out: slog.New(slog.NewTextHandler(&out, nil))}).Attributes())
		if broken := strings.Contains(tt.env["OTEL_RESOURCE_ATTRIBUTES"], "broken"); broken != (out.Len() > 0) {
			t.Errorf("%v: said %q", tt.env, out.String())
		}
		for k := range tt.env {
			os.Unsetenv(k)
		}
		if got["service.name"] != tt.name {
			t.Errorf("%v: service.name %q, want %q", tt.env, got["service.name"], tt.name)
		}
		for _, key := range []string{"host.name", "process.pid", "process.runtime.version", "service.instance.id", "telemetry.sdk.version"} {
			if got[key] == "" {
				t.Errorf("no %s in %v", key, got)
			}
		}
		if _, ok := got["process.command_args"]; ok {
			t.Error("the arguments, which may hold passwords, are in the resource")
		}
	}
}

func TestProgramName(t *testing.T) {
	tests := []struct{ pkg, arg, want string }{
		{"github.com/acme/shop/cmd/checkout", "/tmp/x", "checkout"},
		{"github.com/acme/checkout/v2", "/tmp/x", "checkout"},
		{"command-line-arguments", "/tmp/go-build/exe/main", "main"},
		{"", `/bin/pay.exe`, "pay"},
	}
	for _, tt := range tests {
		if got := programName(tt.pkg, []string{tt.arg}); got != tt.want {
			t.Errorf("%v: %q", tt, got)
		}
	}
}

func TestProgramVersion(t *testing.T) {
	info := func(version string, settings ...string) *debug.BuildInfo {
		b := &debug.BuildInfo{Main: debug.Module{Version: version}}
		for _, s := range settings {
			k, v, _ := strings.Cut(s, "=")
			b.Settings = append(b.Settings, debug.BuildSetting{Key: k, Value: v})
		}
		return b
	}
	tests := []struct {
		info *debug.BuildInfo
		want string
	}{
		{info("v1.2.3"), "v1.2.3"},
		{info("(devel)", "vcs.revision=0123456789abcdef0123", "vcs.modified=false"), "0123456789ab"},
		{info("(devel)", "vcs.revision=0123456789abcdef0123", "vcs.modified=true"), "0123456789ab-dirty"},
		{info("(devel)"), ""},
	}
	for _, tt := range tests {
		if got := programVersion(tt.info); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestContainer(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	tests := []struct{ file, text, want string }{
		{"/proc/self/cgroup", "12:pids:/docker/" + id + "\n", id},
		{"/proc/self/cgroup", "1:name=systemd:/kubepods.slice/kubepods-pod1.slice/cri-containerd-" + id + ".scope\n", id},
		{"/proc/self/mountinfo", "1 2 0:3 /var/lib/docker/containers/" + id + "/hostname /etc/hostname rw\n", id},
		{"/proc/self/cgroup", "0::/\n", ""},
	}
	for _, tt := range tests {
		got := attrs(container(func(name string) ([]byte, error) {
			if name == tt.file {
				return []byte(tt.text), nil
			}
			return nil, errors.New("no such file")
		}))
		if got["container.id"] != tt.want {
			t.Errorf("%q: %v", tt.text, got)
		}
	}
}

func TestKubernetes(t *testing.T) {
	file := func(string) ([]byte, error) { return []byte("shop\n"), nil }
	tests := []struct {
		env  map[string]string
		want map[string]string
	}{
		{map[string]string{"HOSTNAME": "laptop"}, map[string]string{}},
		{map[string]string{"KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOSTNAME": "checkout-7d9"},
			map[string]string{"k8s.pod.name": "checkout-7d9", "k8s.namespace.name": "shop"}},
		{map[string]string{"K8S_POD_NAME": "a", "POD_NAMESPACE": "b", "POD_UID": "c", "K8S_NODE_NAME": "d"},
			map[string]string{"k8s.pod.name": "a", "k8s.namespace.name": "b", "k8s.pod.uid": "c", "k8s.node.name": "d"}},
	}
	for _, tt := range tests {
		got := attrs(kubernetes(func(k string) string { return tt.env[k] }, file))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tt.env, diff)
		}
	}
}
