package directory

import "math/bits"

// Share is how many people of a directory have a name in some domain.
type Share struct {
	Directory string
	People    int64
}

// Draw picks a directory by lot, each as often as it has people; empty when there are none. One lot gives the same directory as long as
// the shares are the same, and nearly always when they have changed a little.
func Draw(shares []Share, lot uint64) string {
	var all uint64
	for _, s := range shares {
		all += uint64(max(0, s.People))
	}
	drawn, _ := bits.Mul64(lot, all)
	for _, s := range shares {
		people := uint64(max(0, s.People))
		if drawn < people {
			return s.Directory
		}
		drawn -= people
	}
	return ""
}
