package locale

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// ownKeys are the texts of pages that a firm may say in its own words. What guards somebody, what names a way, and what counts stays.
var ownKeys = []string{ //nolint:gochecknoglobals // a constant
	"start.reset.title", "start.reset.lede", "start.unlock.title", "start.unlock.lede", "start.change.title", "start.change.lede",
	"start.name", "start.name-hint", "start.example-short", "start.example-mail", "frame.stuck",
	"choose.title", "choose.none", "prove.mail.lede",
	"done.reset.title", "done.reset.text", "done.change.title", "done.change.text", "done.unlock.title", "done.unlock.text",
	"done.saved-phone", "done.saved-network", "done.saved-drives",
	"refused.blocked.next", "refused.denied.next", "refused.limit.next", "refused.threat.next", "refused.privileged.next", "refused.none.next",
	"stopped.text", "stopped.unknown-text",
}

// OwnKeys lists the texts that may be a firm's own, in the order of the pages.
func OwnKeys() []string { return slices.Clone(ownKeys) }

// Own are the texts of pages that a firm says in its own words. The zero value has none; it is never changed.
type Own struct{ of map[string]map[string]text }

// maxOwn bounds a text.
const maxOwn = 300

// CompileOwn checks texts by language and key. Errors name language and key.
func CompileOwn(all map[string]map[string]string) (Own, error) {
	out := Own{of: map[string]map[string]text{}}
	var errs []error
	for _, tag := range slices.Sorted(maps.Keys(all)) {
		if !slices.Contains(Tags(), tag) {
			errs = append(errs, fmt.Errorf("%s: want a language of %s", tag, strings.Join(Tags(), ", ")))
			continue
		}
		out.of[tag] = map[string]text{}
		for _, key := range slices.Sorted(maps.Keys(all[tag])) {
			said := all[tag][key]
			if err := checkOwn(key, said); err != nil {
				errs = append(errs, fmt.Errorf("%s[%q]: %w", tag, key, err))
				continue
			}
			out.of[tag][key] = text{other: said}
		}
	}
	return out, errors.Join(errs...)
}

func checkOwn(key, said string) error {
	switch {
	case !slices.Contains(ownKeys, key):
		return errors.New("this text cannot be changed")
	case strings.TrimSpace(said) == "":
		return errors.New("is empty; take the key out for the built-in text")
	case len([]rune(said)) > maxOwn:
		return fmt.Errorf("want at most %d characters", maxOwn)
	case strings.ContainsAny(said, "{}"):
		return errors.New("nothing is filled in here: want no braces")
	case strings.ContainsFunc(said, func(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control) }):
		return errors.New("want one line, without marks that turn the direction of writing")
	}
	return nil
}

// With gives a printer that says a firm's own texts.
func (p *Printer) With(o Own) *Printer {
	if len(o.of[p.tag]) == 0 {
		return p
	}
	q := *p
	q.own = o.of[p.tag]
	return &q
}
