package main

import (
	"strings"
	"testing"
)

// TestACommandAnswersAlone: what a command meets on its way, here a weak document in force, is told to those who ask only.
func TestACommandAnswersAlone(t *testing.T) {
	h := newHouse(t)
	h.rekey(t, 0, "settings", "apply", h.file(t, "", ""), "--reason", "first")
	out, errs := h.rekey(t, 0, "sync", "status")
	if !strings.HasPrefix(out, "DIRECTORY ") || errs != "" {
		t.Errorf("%q %q", out, errs)
	}
	told, errs := h.rekey(t, 0, "sync", "status", "--verbose")
	if told != out || !strings.Contains(errs, `level=WARN msg="weak settings in force`) {
		t.Errorf("%q %q", told, errs)
	}
}
