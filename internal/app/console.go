package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"rekey/internal/account"
	"rekey/internal/admin"
	"rekey/internal/authenticator/passkey"
	"rekey/internal/evidence"
	"rekey/internal/fault"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/adminui"
	"rekey/internal/server/auditui"
	"rekey/internal/server/console"
	"rekey/internal/server/overviewui"
	"rekey/internal/server/peopleui"
	"rekey/internal/server/review"
	"rekey/internal/settings"
	"rekey/internal/signin"
	"rekey/internal/yamledit"
	"rekey/web/layout"
)

// newAdmin makes what lets administrators in.
func (a *App) newAdmin() (*admin.Service, error) {
	site := a.Settings.Snapshot
	key, err := passkey.Open(passkey.Config{Origin: a.config.Origin(), Name: site().Brand.Name + ": administrators"}, passkey.Deps{})
	if err != nil {
		return nil, err
	}
	return admin.New(admin.Deps{
		Site: site, Store: a.Store, Invitations: a.Store, Sealer: a.Keys, Recorder: a.Store, Passkey: key, PublicURL: a.config.Origin(), Now: time.Now, Log: a.log,
		Passwords: &signin.Checker{Site: site, Counters: a.Store, Limiter: a.Store, Now: time.Now},
	}), nil
}

// newConsole makes the frame of the administrators' pages, and the pages.
func (a *App) newConsole() (*console.Console, []server.Area) {
	c := console.New(console.Deps{
		Service: a.admin, Site: a.Settings.Snapshot, Catalogue: a.catalogue, Links: func() layout.Links { return a.assets.Load().Links() },
		Keys: a.Keys, Secure: a.config.Secure(), Now: time.Now, Log: a.log,
	})
	return c, a.consoleAreas(c)
}

// consoleAreas lists the families of the administrators' pages.
func (a *App) consoleAreas(c *console.Console) []server.Area {
	a.evidence = evidence.New(evidence.Deps{Store: a.Store, Searches: a.Store, Checks: a.Store, Extracts: a.Store, Now: time.Now, Log: a.log})
	reviews := &review.Review{Console: c, Configure: a.Pages}
	return slices.Concat(
		[]server.Area{a.policyPages(c, reviews)},
		(&adminui.UI{Console: c, Service: a.admin, Site: a.Settings.Snapshot, Review: reviews, Secure: a.config.Secure()}).Areas(),
		[]server.Area{a.directoryArea(c, reviews)},
		[]server.Area{(&auditui.UI{Console: c, Service: a.evidence}).Area()},
		[]server.Area{(&overviewui.UI{Console: c, Reports: a.reports, Pulse: a.pulse, Site: a.Settings.Snapshot, Survey: a.survey, Advice: a.advise}).Area()},
		[]server.Area{(&peopleui.UI{Console: c, Desk: a.newHelpDesk(), Site: a.Settings.Snapshot}).Area()},
		[]server.Area{a.operation(c, reviews)},
		[]server.Area{a.methodPages(c, reviews)},
		[]server.Area{a.messagePages(c, reviews), a.brandPages(c, reviews)},
	)
}

// InviteAdmin makes the link by which somebody gets into the administrators' pages, and first binds a role to them if one is given.
func (a *App) InviteAdmin(ctx context.Context, user string, as role.Role, by string) (link string, until time.Time, err error) {
	who, name, err := a.admin.Find(ctx, user)
	if err != nil {
		return "", time.Time{}, err
	}
	if as != "" {
		if err := a.bind(ctx, who, name, as, by); err != nil {
			return "", time.Time{}, err
		}
	}
	return a.admin.Invite(ctx, who, by, admin.Source{})
}

// bind adds an account to the roles of the settings, unless it is there.
func (a *App) bind(ctx context.Context, who account.ID, name string, as role.Role, by string) error {
	for _, b := range a.Settings.Snapshot().Roles.List() {
		if b.Role == as && b.Scope.Empty() && slices.Contains(b.People, who.String()) {
			return nil
		}
	}
	last, err := a.Store.LatestSettings(ctx)
	if err != nil {
		return err
	}
	tree, err := yamledit.Read(string(last.Document))
	if err != nil {
		return err
	}
	roles := 0
	if list, ok := yamledit.Find(tree, "roles"); ok {
		all, _ := list.([]any)
		roles = len(all)
	}
	binding, err := yamledit.Of(role.Binding{Role: as, People: []string{who.String()}})
	if err != nil {
		return err
	}
	text, err := withBinding(string(last.Document), roles, binding)
	if err != nil {
		return fmt.Errorf("the settings cannot be changed here (%w): bind %s to the role %s in them", err, who, as)
	}
	_, err = a.Settings.Apply(ctx, "settings", []byte(text), settings.Change{
		Author: by, Reason: fmt.Sprintf("%s is given the role %s", name, as), Origin: settings.FromOperator, After: last.Number,
	})
	if err != nil && fault.Of(err).Kind == fault.Conflict {
		return errors.New("somebody changed the settings at the same moment: try again")
	}
	return err
}

func withBinding(text string, roles int, binding any) (string, error) {
	if roles == 0 {
		return yamledit.Set(text, "roles", []any{binding})
	}
	return yamledit.Insert(text, yamledit.At("roles", roles), binding)
}
