package notice

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/message"
	"rekey/internal/site"
)

// Credentials reads what an account enrolled.
type Credentials interface {
	Credentials(ctx context.Context, who account.ID) ([]authenticator.Credential, error)
}

// Owner writes to the owners of accounts. It is safe for concurrent use.
type Owner struct {
	Site      site.Source
	Store     Credentials
	Keys      Keys
	Now       func() time.Time
	Log       *slog.Logger
	PublicURL string // without a slash at the end
}

// Event is what to tell.
type Event struct {
	ID       string // the same ID and template give the same message IDs, so a repeated step sends once
	Template message.Template
	Account  account.ID
	Name     string // sign-in name
	Locale   string
	Source   audit.Source
	Extra    map[string]string
	Mails    []string // addresses of the directory that were just read; nil: it is asked
	Also     []string // addresses to tell besides the known ones, such as one that was just removed
}

// Tell makes one message per address. It never fails: an address that cannot be read now costs that address.
func (o *Owner) Tell(ctx context.Context, e Event) []message.Message {
	data := map[string]string{
		"name":   e.Name,
		"at":     o.Now().UTC().Format(time.RFC3339),
		"freeze": o.PublicURL + FreezePath + FreezeToken(o.Keys, e.Account, o.Now().Add(FreezeLife)),
	}
	if e.Source.Address.IsValid() {
		data["address"] = e.Source.Address.Unmap().String()
	}
	for k, v := range e.Extra {
		data[k] = v
	}
	addresses := distinct(append(o.addresses(ctx, e), e.Also...))
	ms := make([]message.Message, 0, len(addresses))
	for i, to := range addresses {
		ms = append(ms, message.Message{
			ID:       e.ID + "." + string(e.Template) + "." + strconv.Itoa(i),
			Template: e.Template, Channel: message.Mail, To: to, Locale: e.Locale, Data: data, Account: e.Account.String(),
		})
	}
	return ms
}

// addresses lists every address of the directory and every enrolled one.
func (o *Owner) addresses(ctx context.Context, e Event) []string {
	all := slices.Clone(e.Mails)
	if d, ok := o.Site().Directory(e.Account.Directory); ok && e.Mails == nil {
		a, err := d.Get(ctx, e.Account)
		if err != nil {
			o.Log.WarnContext(ctx, "addresses of the directory not read", "directory", e.Account.Directory, "error", err)
		}
		all = append(all, a.Mails...)
	}
	cs, err := o.Store.Credentials(ctx, e.Account)
	if err != nil {
		o.Log.WarnContext(ctx, "enrolled addresses not read", "error", err)
	}
	for _, c := range cs {
		all = append(all, AddressOf(c)...)
	}
	return all
}

// AddressOf gives the mail address a credential stands for, if any.
func AddressOf(c authenticator.Credential) []string {
	if to, ok := strings.CutPrefix(string(c.Channel), "mail:"); ok {
		return []string{to}
	}
	return nil
}

func distinct(in []string) []string {
	seen := make(map[string]bool, len(in))
	var out []string
	for _, a := range in {
		if k := strings.ToLower(a); a != "" && !seen[k] {
			seen[k] = true
			out = append(out, a)
		}
	}
	return out
}
