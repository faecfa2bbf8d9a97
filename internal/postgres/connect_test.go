package postgres_test

import (
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/connect"
	"rekey/internal/fault"
)

func TestGuidedTestsAreKeptStepByStep(t *testing.T) {
	s := newStore(t)
	owner := account.ID{Directory: "d", Object: "o"}
	run := connect.Run{ID: "one", Owner: owner, Kind: "ad", Directory: "corp", Path: "directories[1]", Draft: "sealed", Begun: start()}
	begun := audit.Event{Name: audit.DirectoryTestBegun, At: start(), Actor: audit.Operator, Outcome: audit.OK}
	if err := s.BeginTest(t.Context(), run, begun); err != nil {
		t.Fatal(err)
	}
	for _, step := range []connect.Step{
		{Name: "resolve", State: connect.Good, Text: "a\x00\xff", Took: time.Second},
		{Name: "certificate", State: connect.Bad, Chain: []connect.Certificate{{Subject: "CN=x", Until: start()}}},
	} {
		if err := s.AddStep(t.Context(), "one", step); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Test(t.Context(), "one", owner)
	if err != nil || len(got.Steps) != 2 || got.Steps[0].Took != time.Second || got.Steps[1].Chain[0].Subject != "CN=x" || !got.Ended.IsZero() || got.Draft != "sealed" {
		t.Errorf("%+v, %v", got, err)
	}
	begun.Name = audit.DirectoryTested
	if err := s.EndTest(t.Context(), "one", start().Add(time.Minute), begun); err != nil {
		t.Fatal(err)
	}
	if got, err = s.Test(t.Context(), "one", owner); err != nil || !got.Ended.Equal(start().Add(time.Minute)) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := s.Test(t.Context(), "one", account.ID{Directory: "d", Object: "p"}); fault.Of(err).Kind != fault.NotFound {
		t.Errorf("somebody else's: %v", err)
	}
	run.ID, run.Begun = "two", start().Add(25*time.Hour)
	if err := s.BeginTest(t.Context(), run, begun); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Test(t.Context(), "one", owner); fault.Of(err).Kind != fault.NotFound {
		t.Errorf("a day later: %v", err)
	}
}
