package wording

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"rekey/internal/message"
)

// Recipients says who is told of an event besides the account's owner by mail, who always is.
type Recipients struct {
	SMS       bool     `yaml:"sms,omitempty"`       // the owner, at every number that was set up or that the directory has
	Manager   bool     `yaml:"manager,omitempty"`   // the person's manager, by mail
	Addresses []string `yaml:"addresses,omitempty"` // mail addresses of people or groups
}

// Audience is who is told of what.
type Audience map[message.Template]Recipients

// maxAddresses bounds what one event sends.
const maxAddresses = 20

// Notices lists the events whose recipients can be chosen: codes go to whoever asked for them.
func Notices() []message.Template {
	return slices.DeleteFunc(Events(), func(e message.Template) bool { return e == message.Code || e == message.SpendCap })
}

// Validate checks it. Errors name the key below its own.
func (a Audience) Validate() error {
	var errs []error
	for _, event := range slices.Sorted(maps.Keys(a)) {
		if !slices.Contains(Notices(), event) {
			errs = append(errs, fmt.Errorf("%s: nobody else can be told of this", event))
		}
		if len(a[event].Addresses) > maxAddresses {
			errs = append(errs, fmt.Errorf("%s.addresses: want at most %d", event, maxAddresses))
		}
		for i, to := range a[event].Addresses {
			if !Address(to) {
				errs = append(errs, fmt.Errorf("%s.addresses[%d]: want an address such as security@example.com, got %q", event, i, to))
			}
		}
	}
	return errors.Join(errs...)
}

const maxAddress = 254 // RFC 5321 §4.5.3.1, erratum 1690

// bare is an address without a name, a comment, quotes or a second line.
var bare = regexp.MustCompile(`^[^\s@<>"(),;:\\\[\]\p{C}]+@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+[\p{L}\p{N}-]{2,}$`) //nolint:gochecknoglobals // a constant

// Address reports whether a text is one bare mail address.
func Address(s string) bool {
	return len(s) <= maxAddress && bare.MatchString(s)
}
