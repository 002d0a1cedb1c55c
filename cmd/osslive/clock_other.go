//go:build !linux

package main

// unsynchronised reports false: these systems do not say.
func unsynchronised() bool { return false }
