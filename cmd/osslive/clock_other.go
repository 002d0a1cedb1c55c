//go:build !linux

package main

// unsynchronised: there is no telling here.
func unsynchronised() bool { return false }
