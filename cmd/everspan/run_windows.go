package main

import "os"

// passedOn are the signals that everspan must not end by: the console sends them to
// the program as well.
var passedOn = []os.Signal{os.Interrupt}

func alreadySent(os.Signal) bool { return true }

func codeOf(p *os.ProcessState) int { return p.ExitCode() }
