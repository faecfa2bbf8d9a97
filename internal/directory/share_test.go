package directory_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/memory"
)

func TestDrawFollowsTheShares(t *testing.T) {
	shares := []directory.Share{{"corp.example.test", 900}, {"empty.example.test", 0}, {"cloud.example.test", 100}}
	drawn := map[string]int{}
	r := rand.New(rand.NewPCG(1, 2))
	moved := 0
	grown := []directory.Share{{"corp.example.test", 909}, {"empty.example.test", 0}, {"cloud.example.test", 100}}
	for range 10_000 {
		lot := r.Uint64()
		key := directory.Draw(shares, lot)
		drawn[key]++
		if directory.Draw(grown, lot) != key {
			moved++
		}
	}
	if len(drawn) != 2 || drawn["cloud.example.test"] < 900 || drawn["cloud.example.test"] > 1100 {
		t.Errorf("%v", drawn)
	}
	if moved > 30 { // of a hundred that could
		t.Errorf("nine people more move %d names of 10000", moved)
	}
	for _, lot := range []uint64{0, math.MaxUint64} {
		if key := directory.Draw(nil, lot); key != "" {
			t.Errorf("nothing to draw from, and %q is drawn", key)
		}
		if key := directory.Draw(shares[:1], lot); key != "corp.example.test" {
			t.Errorf("drew %q", key)
		}
	}
}

// asked is a directory that notes what it is asked for by anchor.
type asked struct {
	*memory.Directory
	questions *[]string
}

func (d asked) ByAnchor(ctx context.Context, anchor string) (account.Account, error) {
	*d.questions = append(*d.questions, d.Key())
	return d.Directory.ByAnchor(ctx, anchor)
}

// TestAttack16NobodyIsToldByHowMuchIsAsked: as many questions of the same directories, whoever has a name, and when nobody has.
func TestAttack16NobodyIsToldByHowMuchIsAsked(t *testing.T) {
	both := hybrid("both", "both@mail.test", anchorOfJane, "S-1-5-21-1", false)
	copied := hybrid("both", "both@mail.test", anchorOfJane, "S-1-5-21-1", true)
	only := hybrid("only", "only@mail.test", "", "", false)
	for _, typed := range []string{"both@mail.test", "only@mail.test", "nobody@mail.test"} {
		var questions []string
		ad := asked{memory.New("corp.example.test", "CORP", both), &questions}
		cloud := asked{memory.New("cloud.example.test", "", copied, only), &questions}
		if _, err := people(t, typed, linked(directory.LinkBoth), ad, cloud); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(questions, []string{"cloud.example.test"}) {
			t.Errorf("%s: %v are asked", typed, questions)
		}
	}
}
