package configure

import (
	"context"
	"fmt"

	"rekey/internal/yamledit"
)

// Trial gives one part of the document as a draft would make it, in YAML, to be tried before it is saved. Its secrets are there, sealed or
// named, as far as they go where they may: what Save would refuse for them is a problem here, so that no secret is sent to a server it
// was not meant for (CVE-2024-5967). Errors as Propose; a fault of kind Denied where the author may not change it.
func (s *Service) Trial(ctx context.Context, by Author, d Draft, path string) (string, []Problem, error) {
	p, err := s.Propose(ctx, by, d)
	switch {
	case err != nil:
		return "", nil, err
	case len(p.Lacks(by.Grants)) > 0:
		return "", nil, errDenied
	case len(p.Problems) > 0:
		return "", p.Problems, nil
	}
	tree, err := yamledit.Read(p.text)
	if err != nil {
		return "", nil, err
	}
	part, ok := yamledit.Find(tree, path)
	if !ok {
		return "", nil, fmt.Errorf("the draft has no %s", path)
	}
	return yamledit.Write(part), nil, nil
}
