package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"rekey/internal/fault"
)

func TestOfFindsTheClassifiedError(t *testing.T) {
	cause := errors.New("connection refused")
	f := fault.Wrap(fault.Unavailable, "problem.unavailable", cause)
	for _, c := range []struct {
		name string
		err  error
		kind fault.Kind
		text string
	}{
		{"itself", f, fault.Unavailable, "problem.unavailable"},
		{"wrapped", fmt.Errorf("start: %w", f), fault.Unavailable, "problem.unavailable"},
		{"joined", errors.Join(errors.New("other"), f), fault.Unavailable, "problem.unavailable"},
		{"nobody's", cause, fault.Internal, "problem.internal"},
	} {
		got := fault.Of(c.err)
		if got.Kind != c.kind || got.Text != c.text || !errors.Is(got, cause) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestErrorIsForTheLog(t *testing.T) {
	if got := fault.Wrap(fault.Denied, "problem.denied", errors.New("no right")).Error(); got != "problem.denied: no right" {
		t.Errorf("got %q", got)
	}
	if got := fault.New(fault.Denied, "problem.denied").Error(); got != "problem.denied" {
		t.Errorf("got %q", got)
	}
}

func TestOnLeavesTheOriginalAlone(t *testing.T) {
	shared := fault.New(fault.Invalid, "start.name-invalid")
	on := shared.On("name")
	if on.Field != "name" || on.Text != shared.Text || on.Kind != shared.Kind || shared.Field != "" {
		t.Errorf("%+v, %+v", on, shared)
	}
}
