package entra

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"rekey/internal/directory"
)

// meaning is what an answer stands for. Empty fields fit everything; the first that fits decides.
type meaning struct {
	kind    kind
	status  int
	code    string // without regard to case: Graph's own documentation writes some codes in two ways
	message string // how it begins
	err     error
}

// meanings translates what Graph answers. A refused password has no code of its own: a request about nothing else that is a bad one is
// taken for that, unless it says that the account is mastered elsewhere.
func meanings() []meaning {
	return []meaning{
		{
			kind: setPassword, status: http.StatusBadRequest, code: "Request_BadRequest",
			message: "Unable to update the specified properties for on-premises mastered", err: directory.ErrDenied,
		},
		{kind: setPassword, status: http.StatusBadRequest, code: "Request_BadRequest", err: &directory.RejectedError{Reason: directory.PolicyRefused}},
		{kind: readChanges, status: http.StatusGone, err: directory.ErrCursorGone},
		{kind: readChanges, code: "syncStateNotFound", err: directory.ErrCursorGone},
		{kind: readChanges, code: "resyncRequired", err: directory.ErrCursorGone},
		{kind: readChanges, code: "Directory_ExpiredPageToken", err: directory.ErrCursorGone},
		{status: http.StatusForbidden, err: directory.ErrDenied},
		{status: http.StatusNotFound, code: "Request_ResourceNotFound", err: directory.ErrNotFound},
		{err: directory.ErrUnavailable},
	}
}

// translate turns what went wrong into the contract's errors. A lost answer counts as not served: that is right for what only reads.
func translate(k kind, err error) error {
	var r *refusal
	if !errors.As(err, &r) {
		return unavailable(err)
	}
	for _, m := range meanings() {
		if (m.kind == "" || m.kind == k) && (m.status == 0 || m.status == r.status) && (m.code == "" || strings.EqualFold(m.code, r.code)) &&
			strings.HasPrefix(r.message, m.message) {
			return fmt.Errorf("%w: %w", m.err, r)
		}
	}
	return unavailable(err)
}

// failed translates what went wrong with a read that everything rests on: a right that is missing is the directory's failure.
func failed(err error) error {
	if errors.Is(err, directory.ErrDenied) {
		return fmt.Errorf("%w: %w", directory.ErrUnavailable, err)
	}
	return err
}
