//go:build linux

package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// process is one whose cost is read from /proc; 0 is none.
type process int

// tick is the unit of CPU times in /proc.
const tick = 10 * time.Millisecond

// cpu is the CPU time of a running process so far, of all its threads.
func (p process) cpu() (time.Duration, error) {
	if p == 0 {
		return 0, nil
	}
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p))
	if err != nil {
		return 0, fmt.Errorf("the server's process %d is gone: %w", p, err)
	}
	// Fields 14 and 15 are user and system time; the second field, a name in
	// brackets, may hold spaces.
	_, rest, _ := strings.Cut(string(raw), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has an unknown form", p)
	}
	var user, system time.Duration
	if _, err := fmt.Sscan(f[11]+" "+f[12], (*int64)(&user), (*int64)(&system)); err != nil {
		return 0, fmt.Errorf("/proc/%d/stat: %w", p, err)
	}
	return (user + system) * tick, nil
}

// busy is the CPU time of all processes of the machine so far, what other
// machines took away included.
func busy() (time.Duration, error) {
	raw, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	// user, nice, system, idle, waiting for disks, two of interrupts, stolen.
	var v [8]time.Duration
	f := strings.Fields(line)
	if len(f) < 1+len(v) {
		return 0, fmt.Errorf("/proc/stat has an unknown form")
	}
	for i := range v {
		if _, err := fmt.Sscan(f[1+i], (*int64)(&v[i])); err != nil {
			return 0, fmt.Errorf("/proc/stat: %w", err)
		}
	}
	return (v[0] + v[1] + v[2] + v[5] + v[6] + v[7]) * tick, nil
}

// peak is the most memory that a running process has had resident, in bytes. A
// child's accounting after its end would count this process's memory as well,
// which a child has until it becomes another program.
func (p process) peak() (int64, error) {
	if p == 0 {
		return 0, nil
	}
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p))
	if err != nil {
		return 0, fmt.Errorf("the server's process %d is gone: %w", p, err)
	}
	_, rest, _ := strings.Cut(string(raw), "VmHWM:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return 0, fmt.Errorf("/proc/%d/status: %w", p, err)
	}
	return kib << 10, nil
}
