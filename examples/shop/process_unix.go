//go:build !windows

package main

import (
	"os"
	"os/exec"
	"syscall"
)

// detach keeps Ctrl-C, which a terminal sends to the whole group, from the
// server: it has to outlive the shop, to take its last spans.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

func terminate(p *os.Process) error {
	return p.Signal(syscall.SIGTERM)
}
