package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
)

// run starts the program and returns its exit code as a shell would: 128 and the
// number of the signal when one has ended it.
func (l *launch) run() (int, error) {
	cmd := exec.Command(l.path, l.args[1:]...)
	cmd.Args[0], cmd.Env = l.args[0], l.env.vars
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	// Before it starts: none may end everspan and leave the program behind.
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, passedOn...)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if !alreadySent(s) {
				_ = cmd.Process.Signal(s) // it may have ended
			}
		case err := <-ended:
			var status *exec.ExitError
			if err != nil && !errors.As(err, &status) {
				return 0, err
			}
			return codeOf(cmd.ProcessState), nil
		}
	}
}

// notStarted says why a program does not run, and returns the exit code that shells
// have for that.
func notStarted(name string, err error) exitCode {
	var lookup *exec.Error
	if errors.As(err, &lookup) {
		err = lookup.Err
	}
	say("run %s: %v", name, err)
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		return 127
	}
	return 126
}
