package policy

import (
	"errors"
	"fmt"
)

// Selector is a compiled scope that stands alone, for who binds something besides policies to people. It is never changed and safe for
// concurrent use. The zero value selects every account.
type Selector struct{ scoped scoped }

// NewSelector compiles a scope. Its errors begin with "scope.".
func NewSelector(s Scope, r Registry) (Selector, error) {
	var errs []error
	scope(s, r, func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	})
	return Selector{scoped: compileScope(s)}, errors.Join(errs...)
}

// Selects reports whether the scope holds for an account.
func (s Selector) Selects(f *Facts) bool {
	condition, _ := s.scoped.unmet(f)
	return condition == ""
}
