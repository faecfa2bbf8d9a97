package delivery

import (
	"context"
	"errors"

	"rekey/internal/message"
	"rekey/internal/wording"
)

// Try sends a message at once, written with texts that may not be in force yet, and past the guards that all messages pass. It is never
// tried again. The report's Err holds neither code nor address.
func (s *Service) Try(ctx context.Context, m message.Message, texts wording.Texts) Report {
	now := s.deps.Now()
	if m.Channel == message.SMS {
		words, err := s.short(m, texts)
		switch {
		case err != nil:
			return Report{Channel: m.Channel, Outcome: Dead, Err: err}
		case !s.deps.Site().SMS.On:
			return Report{Channel: m.Channel, Outcome: Dead, Err: errors.New("the settings name no gateway for text messages")}
		}
		return s.pay(ctx, m, words, Attempt{Queued: now, Last: true})
	}
	mail, err := s.compose(m, texts)
	if err == nil {
		err = s.deps.Mail.Send(ctx, mail)
	}
	if err != nil {
		return Report{Channel: m.Channel, Outcome: Dead, Err: err}
	}
	return Report{Channel: m.Channel, Outcome: Delivered}
}
