package lab

import (
	"slices"
	"time"

	"rekey/internal/lab/people"
	"rekey/internal/lab/samba"
)

const day = 24 * time.Hour

// rules are what both domains demand of passwords.
func rules() samba.Rules {
	return samba.Rules{
		MinLength: 8, Complexity: true, History: 3, MaxAge: 42 * day,
		LockoutThreshold: 3, LockoutDuration: 12 * time.Hour, LockoutWindow: 30 * time.Minute,
	}
}

// seed is what a demo domain holds.
func seed(d people.Domain) []samba.Change {
	changes := []samba.Change{samba.Policy{Rules: rules()}}
	for _, ou := range people.OUs(d) {
		changes = append(changes, samba.OU{Name: ou})
	}
	for _, g := range people.Groups(d) {
		changes = append(changes, samba.Group{Name: g.Name, Members: g.Nested})
	}
	for _, p := range slices.Concat(people.All(), people.Clouded()) {
		if p.Domain == d {
			changes = append(changes, user(p))
		}
	}
	if d == people.Corp {
		board := rules()
		board.MinLength, board.MinAge, board.History, board.LockoutThreshold = 14, day, 5, 5
		changes = append(changes, samba.PSO{Name: "Board", Precedence: 10, Rules: board, AppliesTo: []string{"Executives", "Board"}})
	}
	return changes
}

func user(p people.Person) samba.User {
	return samba.User{
		SAM: p.SAM, Mail: p.Address(), OtherMails: p.Aliases, Given: p.Given, Surname: p.Surname, Password: p.Secret(), PasswordAge: 3 * day,
		OU: p.OU, Groups: p.Groups, State: samba.State(p.State), Language: p.Language, Guarded: p.Guarded,
	}
}
