//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// report has everything that was measured. Its JSON form is what compare reads.
type report struct {
	When     time.Time        `json:"when"`
	Server   string           `json:"server"` // version and revision, as it says
	Machine  string           `json:"machine"`
	Cores    int              `json:"cores"`
	Seed     uint64           `json:"seed"`
	Flags    []string         `json:"serverFlags"`
	Target   string           `json:"target,omitempty"`
	Workload *workloadFigures `json:"workload"`
	Load     *loadFigures     `json:"load"`
	CPU      cpuFigures       `json:"cpu"`
	// QuietSeconds is the time from the last answer until the server had done
	// everything.
	QuietSeconds float64         `json:"quietSeconds"`
	Memory       memoryFigures   `json:"memory"`
	Disk         *diskFigures    `json:"disk,omitempty"`
	Restart      *restartFigures `json:"restart,omitempty"`
	Verified     int             `json:"tracesReadBack"`
	Queries      []queryFigures  `json:"queries"`
	Trouble      []string        `json:"serverWarnings,omitempty"`
}

// cpuFigures are CPU seconds of the server for a million spans.
type cpuFigures struct {
	UntilAck   float64 `json:"untilLastAckSecondsPerMillion"`
	AfterAck   float64 `json:"untilQuietSecondsPerMillion"`
	Total      float64 `json:"totalSecondsPerMillion"` // flush and compaction included
	PdataRatio float64 `json:"totalByPdataUnmarshal"`
}

// memoryFigures are the most resident bytes of the server so far. A server that
// was started again before the queries begins anew.
type memoryFigures struct {
	AfterLoad    int64 `json:"peakAfterLoadBytes"`
	AfterQuiet   int64 `json:"peakAfterQuietBytes"`
	AfterQueries int64 `json:"peakAfterQueriesBytes"`
}

// restartFigures are milliseconds.
type restartFigures struct {
	Stop  float64 `json:"stopMs"`
	Start float64 `json:"startMs"` // until it is ready
}

func newReport(o *options, w *workloadFigures) *report {
	return &report{When: time.Now().UTC().Truncate(time.Second), Cores: runtime.NumCPU(), Seed: o.seed, Flags: o.server, Target: o.target, Workload: w, Machine: processor()}
}

// buildOf asks a server, Everspan or Tempo, which build it is.
func buildOf(base string) string {
	res, err := client.Get(base + "/api/status/buildinfo")
	if err != nil {
		return "unknown build"
	}
	defer res.Body.Close()
	var build struct{ Version, Revision string }
	if json.NewDecoder(res.Body).Decode(&build) != nil || build.Version == "" {
		return "unknown build"
	}
	return strings.TrimSpace(fmt.Sprintf("%s %.12s", build.Version, build.Revision))
}

// tree is the commit of the tree that the server is built from; what Go writes
// into a binary lacks it in a workspace.
func tree() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "unknown commit"
	}
	return strings.TrimSpace(string(out))
}

// processor is the name of the machine's processor.
func processor() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, v, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(v)
		}
	}
	return runtime.GOARCH
}

// write prints the table, and JSON to a file; to - it prints only JSON.
func (r *report) write(to string) error {
	if to != "-" {
		printTable(os.Stdout, r)
	}
	if to == "" {
		return nil
	}
	body, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	body = append(body, '\n')
	if to == "-" {
		_, err = os.Stdout.Write(body)
		return err
	}
	return os.WriteFile(to, body, 0o644)
}

func readReport(path string) (*report, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := new(report)
	if err := json.Unmarshal(raw, r); err != nil {
		return nil, fmt.Errorf("%s is no report that bench --json wrote: %w", path, err)
	}
	if r.Workload == nil || r.Load == nil {
		return nil, fmt.Errorf("%s is no report that bench --json wrote: it has no load", path)
	}
	return r, nil
}
