package notice

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/message"
	"rekey/internal/site"
	"rekey/internal/wording"
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
	more := o.Site().Audience[e.Template]
	known := o.known(ctx, e, more)
	ms := make([]message.Message, 0, len(known.mails))
	add := func(by message.Channel, to string, data map[string]string) {
		ms = append(ms, message.Message{
			ID:       e.ID + "." + string(e.Template) + "." + strconv.Itoa(len(ms)),
			Template: e.Template, Channel: by, To: to, Locale: e.Locale, Data: data, Account: e.Account.String(),
		})
	}
	for _, to := range known.mails {
		add(message.Mail, to, data)
	}
	for _, to := range known.numbers {
		add(message.SMS, to, data)
	}
	others := distinct(append(known.manager, more.Addresses...))
	for _, to := range others {
		if !slices.ContainsFunc(known.mails, func(own string) bool { return strings.EqualFold(own, to) }) {
			add(message.Mail, to, forOthers(data))
		}
	}
	return ms
}

// forOthers is what people are told who do not own the account: never the link that freezes it.
func forOthers(data map[string]string) map[string]string {
	out := maps.Clone(data)
	delete(out, "freeze")
	out[message.Audience] = message.Others
	return out
}

// addresses are where an event is told.
type addresses struct{ mails, numbers, manager []string }

// known lists every address of the directory and every enrolled one, and what else the settings ask for.
func (o *Owner) known(ctx context.Context, e Event, more wording.Recipients) addresses {
	found := addresses{mails: slices.Clone(e.Mails)}
	if d, ok := o.Site().Directory(e.Account.Directory); ok && (e.Mails == nil || more.SMS || more.Manager) {
		a, err := d.Get(ctx, e.Account)
		if err != nil {
			o.Log.WarnContext(ctx, "addresses of the directory not read", "directory", e.Account.Directory, "error", err)
		}
		if e.Mails == nil {
			found.mails = append(found.mails, a.Mails...)
		}
		found.numbers = Numbers(a)
		found.manager = o.manager(ctx, d, a, more)
	}
	cs, err := o.Store.Credentials(ctx, e.Account)
	if err != nil {
		o.Log.WarnContext(ctx, "enrolled addresses not read", "error", err)
	}
	for _, c := range cs {
		found.mails = append(found.mails, AddressOf(c)...)
		if number, ok := strings.CutPrefix(string(c.Channel), "phone:"); ok {
			found.numbers = append(found.numbers, number)
		}
	}
	if found.numbers = distinct(found.numbers); !more.SMS || !o.Site().SMS.On {
		found.numbers = nil
	}
	found.mails = distinct(append(found.mails, e.Also...))
	return found
}

// manager gives the primary address of the person's manager, where settings ask for it.
func (o *Owner) manager(ctx context.Context, d directory, a account.Account, more wording.Recipients) []string {
	if !more.Manager || a.Manager == "" {
		return nil
	}
	m, err := d.Get(ctx, account.ID{Directory: a.ID.Directory, Object: a.Manager})
	if err != nil {
		o.Log.WarnContext(ctx, "address of the manager not read", "directory", a.ID.Directory, "error", err)
		return nil
	}
	return m.Mails[:min(len(m.Mails), 1)]
}

// directory reads an account by its id.
type directory interface {
	Get(ctx context.Context, id account.ID) (account.Account, error)
}

// Numbers gives the mobile numbers a directory has for a person, where its settings have the attribute read.
func Numbers(a account.Account) []string {
	for name, values := range a.Attributes {
		if strings.EqualFold(name, "mobile") || strings.EqualFold(name, "mobilePhone") {
			return slices.Clone(values)
		}
	}
	return nil
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
