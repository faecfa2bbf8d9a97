package configure

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"rekey/internal/fault"
	"rekey/internal/form"
	"rekey/internal/secret"
	"rekey/internal/yamledit"
)

// Action is what a change does.
type Action uint8

// The actions.
const (
	Set    Action = iota // makes the value at Path say what Value or Text says; a key that is not there is added
	Delete               // takes the key or the item out, with the comment above it
	Insert               // puts a new item before the one at Path; at the list's length: behind the last
	Move                 // moves the item at Path to the position To, as it counts without the item
)

// Change is one change of a document. Changes of a draft are made in their order: a path means what it means after those before.
type Change struct {
	Path string // empty: the whole document, as Text
	Do   Action
	// Value is written as YAML by its yaml tags: a struct, a map, a list, a plain value. A new secret is a secret.Text in a map or a
	// list, and {sealed: form.Kept} (secret.Ref{Sealed: form.Kept}) keeps what is saved in its place; form.Read gives such a map.
	Value any
	Text  string // YAML in place of Value
	To    int
}

// Draft is what somebody wants to change, and the version they looked at.
type Draft struct {
	After   int64
	Changes []Change
	revert  int64    // the version to go back to, in place of changes
	typed   []string // secrets that were typed, as they were sealed
}

// Import is the draft of a whole document. Secrets that the newest version has not in the same places are typed in further changes.
func Import(after int64, text string) Draft {
	return Draft{After: after, Changes: []Change{{Text: text}}}
}

// Revert is the draft that brings back a version as it was.
func Revert(after, number int64) Draft { return Draft{After: after, revert: number} }

// Reverts gives the version that a draft goes back to; 0: it does not.
func (d Draft) Reverts() int64 { return d.revert }

// held is a draft on its way through a page.
type held struct {
	After   int64        `json:"after"`
	Changes []heldChange `json:"changes,omitempty"`
	Revert  int64        `json:"revert,omitempty"`
	Typed   []string     `json:"typed,omitempty"`
}

type heldChange struct {
	Path string `json:"path"`
	Do   Action `json:"do"`
	Text string `json:"text,omitempty"`
	To   int    `json:"to,omitempty"`
}

// Hold gives a draft as a text for a hidden field of the page that shows what it would change: what is saved then is what was shown,
// and a secret that was typed is not typed again. Nobody but Held for the same author reads it.
func (s *Service) Hold(by Author, d Draft) (string, error) {
	d, err := s.sealed(d)
	if err != nil {
		return "", err
	}
	h := held{After: d.After, Revert: d.revert, Typed: d.typed}
	for _, c := range d.Changes {
		h.Changes = append(h.Changes, heldChange{c.Path, c.Do, c.Text, c.To})
	}
	plain, err := json.Marshal(h)
	if err != nil {
		return "", err
	}
	return s.Rules.SealDraft(plain, []byte(by.Account.String()))
}

// Held gives the draft behind a text of Hold. Errors: a fault of kind Invalid where it is none of this author's.
func (s *Service) Held(by Author, text string) (Draft, error) {
	plain, err := s.Rules.OpenDraft(text, []byte(by.Account.String()))
	var h held
	if err == nil {
		err = json.Unmarshal(plain, &h)
	}
	if err != nil {
		return Draft{}, fault.Wrap(fault.Invalid, "This page is out of date. Go back and make the change again.", err)
	}
	d := Draft{After: h.After, revert: h.Revert, typed: h.Typed}
	for _, c := range h.Changes {
		d.Changes = append(d.Changes, Change{Path: c.Path, Do: c.Do, Text: c.Text, To: c.To})
	}
	return d, nil
}

// sealed writes the values of a draft as text, with the secrets that were typed sealed.
func (s *Service) sealed(d Draft) (Draft, error) {
	d.Changes, d.typed = slices.Clone(d.Changes), slices.Clone(d.typed)
	for i, c := range d.Changes {
		if c.Do == Delete || c.Do == Move || c.Text != "" {
			continue
		}
		value, err := s.seal(c.Value, &d)
		if err != nil {
			return d, fmt.Errorf("%s: %w", c.Path, err)
		}
		tree, err := yamledit.Of(value)
		if err != nil {
			return d, fmt.Errorf("%s: %w", c.Path, err)
		}
		d.Changes[i].Text, d.Changes[i].Value = yamledit.Write(tree), nil
	}
	return d, nil
}

// seal puts the sealed form in the place of secrets in maps and lists.
func (s *Service) seal(value any, d *Draft) (any, error) {
	switch v := value.(type) {
	case secret.Text:
		if v.Empty() {
			return nil, errors.New("a secret may not be empty")
		}
		text, err := s.Rules.Seal(v)
		if err != nil {
			return nil, err
		}
		d.typed = append(d.typed, text)
		return secret.Ref{Sealed: text}, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			sealed, err := s.seal(item, d)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			out[key] = sealed
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			sealed, err := s.seal(item, d)
			if err != nil {
				return nil, err
			}
			out[i] = sealed
		}
		return out, nil
	}
	return value, nil
}

// apply makes the changes of a sealed draft in a text.
func (v vault) apply(text string, d Draft) (string, []Problem) {
	for _, c := range d.Changes {
		changed, err := v.change(text, c)
		if err != nil {
			return text, []Problem{{Path: c.Path, Text: err.Error()}}
		}
		text = changed
	}
	return text, nil
}

func (v vault) change(text string, c Change) (string, error) {
	switch c.Do {
	case Delete:
		return yamledit.Delete(text, c.Path)
	case Move:
		return yamledit.Move(text, c.Path, c.To)
	}
	value, err := yamledit.Read(c.Text)
	if err != nil {
		return "", err
	}
	if c.Do == Insert {
		return yamledit.Insert(text, c.Path, value)
	}
	if c.Path == "" {
		return c.Text, nil
	}
	is, err := yamledit.Read(text)
	if err != nil {
		return "", err
	}
	if value, err = v.recall(is, c.Path, value); err != nil {
		return "", err
	}
	return yamledit.Set(text, c.Path, value)
}

// recall puts what is saved in the place of form.Kept, as far as it goes where it went: a value that says the same keeps its text.
func (v vault) recall(is any, path string, value any) (any, error) {
	would, err := yamledit.With(is, path, value)
	if err != nil {
		return nil, err
	}
	for _, h := range v.holders(would) {
		if saved, ok := v.saved(h); ok && kept(h.ref) {
			if would, err = yamledit.With(would, h.path, saved); err != nil {
				return nil, err
			}
		}
	}
	value, _ = yamledit.Find(would, path)
	return value, nil
}

func kept(ref any) bool {
	m, ok := ref.(yamledit.Map)
	if !ok {
		return false
	}
	is, _ := yamledit.Get(m, "sealed")
	return is == form.Kept
}
