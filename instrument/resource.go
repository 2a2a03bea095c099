package instrument

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// newResource describes the service and where it runs. What can't be found out
// is left out: a service must not fail to start because of it.
//
// Later ones win: what is detected, OTEL_RESOURCE_ATTRIBUTES and
// OTEL_SERVICE_NAME, Options. Command line arguments are not taken: passwords
// stand there.
func newResource(ctx context.Context, o *Options, r *reporter) *resource.Resource {
	given := o.Attributes
	if o.ServiceName != "" {
		given = append(given[:len(given):len(given)], semconv.ServiceName(o.ServiceName))
	}
	if o.ServiceVersion != "" {
		given = append(given[:len(given):len(given)], semconv.ServiceVersion(o.ServiceVersion))
	}
	res, err := resource.New(ctx,
		resource.WithSchemaURL(semconv.SchemaURL),
		resource.WithTelemetrySDK(),
		resource.WithHost(),
		resource.WithOSType(),
		resource.WithProcessPID(),
		resource.WithProcessExecutableName(),
		resource.WithProcessRuntimeName(),
		resource.WithProcessRuntimeVersion(),
		resource.WithAttributes(build()...),
		resource.WithAttributes(container(os.ReadFile)...),
		resource.WithAttributes(kubernetes(os.Getenv, os.ReadFile)...),
		resource.WithAttributes(semconv.ServiceInstanceID(newInstanceID())),
		resource.WithFromEnv(),
		resource.WithAttributes(given...),
	)
	if err != nil {
		r.other(fmt.Errorf("resource: %w", err)) // OTEL_RESOURCE_ATTRIBUTES that can't be read
	}
	return res
}

// newInstanceID is a random UUID, version 4.
func newInstanceID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// build finds name and version of the service in the program.
func build() []attribute.KeyValue {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	attrs := []attribute.KeyValue{semconv.ServiceName(programName(info.Path, os.Args))}
	if v := programVersion(info); v != "" {
		attrs = append(attrs, semconv.ServiceVersion(v))
	}
	return attrs
}

var majorVersion = regexp.MustCompile(`/v[0-9]+$`)

// programName is the last part of the main package's path, or the name of the
// executable if the package has none ("go run x.go").
func programName(pkg string, args []string) string {
	if pkg != "" && pkg != "command-line-arguments" {
		return strings.TrimSuffix(path.Base(majorVersion.ReplaceAllString(pkg, "")), ".test")
	}
	if len(args) == 0 {
		return "unknown_service:go"
	}
	name := strings.TrimSuffix(filepath.Base(args[0]), ".exe")
	return strings.TrimSuffix(name, ".test")
}

func programVersion(info *debug.BuildInfo) string {
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	revision := settings["vcs.revision"]
	if len(revision) > 12 {
		revision = revision[:12]
	}
	if revision != "" && settings["vcs.modified"] == "true" {
		revision += "-dirty"
	}
	return revision
}

var containerID = regexp.MustCompile(`(?:/containers/|/docker/|docker-|crio-|cri-containerd-|libpod-|/pod[^/]+/|/overlay-containers/)([0-9a-f]{64})(?:[./\s]|$)`)

// container finds the container's id, in the control group's name (version 1)
// or among the mounts (version 2).
func container(readFile func(string) ([]byte, error)) []attribute.KeyValue {
	for _, file := range []string{"/proc/self/cgroup", "/proc/self/mountinfo"} {
		data, err := readFile(file)
		if err != nil {
			continue
		}
		if m := containerID.FindSubmatch(data); m != nil {
			return []attribute.KeyValue{semconv.ContainerID(string(m[1]))}
		}
	}
	return nil
}

// kubernetes says which pod this is, from variables that the downward API
// fills (K8S_POD_NAME or POD_NAME and so on), from the service account's
// folder, and from the host name, which is the pod's.
func kubernetes(getenv func(string) string, readFile func(string) ([]byte, error)) []attribute.KeyValue {
	inside := getenv("KUBERNETES_SERVICE_HOST") != ""
	if !inside && getenv("K8S_POD_NAME") == "" {
		return nil
	}
	pod := cmp.Or(getenv("K8S_POD_NAME"), getenv("POD_NAME"), getenv("HOSTNAME"))
	namespace := cmp.Or(getenv("K8S_NAMESPACE_NAME"), getenv("K8S_NAMESPACE"), getenv("POD_NAMESPACE"))
	if namespace == "" {
		data, _ := readFile("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
		namespace = strings.TrimSpace(string(data))
	}
	var attrs []attribute.KeyValue
	for _, a := range []attribute.KeyValue{
		semconv.K8SPodName(pod),
		semconv.K8SNamespaceName(namespace),
		semconv.K8SPodUID(cmp.Or(getenv("K8S_POD_UID"), getenv("POD_UID"))),
		semconv.K8SNodeName(cmp.Or(getenv("K8S_NODE_NAME"), getenv("NODE_NAME"))),
		semconv.K8SContainerName(cmp.Or(getenv("K8S_CONTAINER_NAME"), getenv("CONTAINER_NAME"))),
		semconv.K8SDeploymentName(getenv("K8S_DEPLOYMENT_NAME")),
	} {
		if a.Value.AsString() != "" {
			attrs = append(attrs, a)
		}
	}
	return attrs
}
