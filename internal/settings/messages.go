package settings

import (
	"errors"
	"fmt"

	"rekey/internal/locale"
	"rekey/internal/wording"
)

// Messages are the firm's own texts of messages, and who is told besides an account's owner.
type Messages struct {
	Texts      wording.Document `yaml:"texts,omitempty"` // by event, channel and language
	Recipients wording.Audience `yaml:"recipients,omitempty"`
}

func (c *Compiled) messages(d Document) error {
	texts, err := d.Messages.Texts.Compile(locale.Tags())
	c.Snapshot.Texts, c.Snapshot.Audience = texts, d.Messages.Recipients
	return errors.Join(under("messages.texts", err), under("messages.recipients", d.Messages.Recipients.Validate()))
}

// under makes the keys that joined errors begin with those below a path.
func under(path string, err error) error {
	many, ok := err.(interface{ Unwrap() []error }) // what errors.Join made itself, not what is within
	if !ok {
		return err
	}
	var each []error
	for _, e := range many.Unwrap() {
		each = append(each, fmt.Errorf("%s.%w", path, e))
	}
	return errors.Join(each...)
}
