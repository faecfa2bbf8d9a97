package site

import (
	"slices"

	"rekey/internal/account"
	"rekey/internal/directory"
)

// Unlocks reports whether one of somebody's accounts is where locks can be cleared: an unlock leaves the others out.
func (s *Snapshot) Unlocks(p directory.Person) bool {
	return slices.ContainsFunc(p.Writes(), func(id account.ID) bool {
		d, _ := s.Directory(id.Directory)
		_, ok := d.(directory.Unlocker)
		return ok
	})
}
