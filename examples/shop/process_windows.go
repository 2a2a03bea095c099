package main

import (
	"os"
	"os/exec"
	"syscall"
)

// detach keeps Ctrl-C from the server: it has to outlive the shop, to take its
// last spans.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// terminate ends the process at once: Windows has no SIGTERM, and what the
// server acknowledged survives it.
func terminate(p *os.Process) error {
	return p.Kill()
}
