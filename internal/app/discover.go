package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"rekey/internal/directory"
	"rekey/internal/discovery"
	"rekey/internal/settings"
)

// Discovery is what directories know of domains, and the settings that take them in. Nothing of it has been saved.
type Discovery struct {
	Found    []directory.Discovered `json:"found"`
	Added    []string               `json:"added"`
	Ignored  []string               `json:"ignored"` // found, and refused by the settings
	Remarks  []discovery.Remark     `json:"remarks"`
	Diff     string                 `json:"diff"`
	Document string                 `json:"-"`
}

// Discover asks the directory with a key, or each that can tell when it is empty, and proposes a change of the newest settings.
func (a *App) Discover(ctx context.Context, key string) (Discovery, error) {
	v, err := a.SettingsVersion(ctx, 0)
	if err != nil {
		return Discovery{}, err
	}
	d := Discovery{Added: []string{}, Ignored: []string{}, Remarks: []discovery.Remark{}, Document: string(v.Document)}
	for _, dir := range a.Settings.Snapshot().Directories {
		discoverer, ok := dir.(directory.Discoverer)
		if !ok || key != "" && dir.Key() != key {
			continue
		}
		if err := d.ask(ctx, dir.Key(), discoverer); err != nil {
			return Discovery{}, err
		}
	}
	if len(d.Found) == 0 {
		return Discovery{}, errors.New("no such directory can tell of domains: that takes one of type ad or entra")
	}
	d.Diff = settings.Diff(string(v.Document), d.Document)
	return d, nil
}

// ask adds what one directory knows. What an earlier one had found is not proposed again.
func (d *Discovery) ask(ctx context.Context, key string, dir directory.Discoverer) error {
	found, err := dir.Discover(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	p, err := discovery.Propose(d.Document, found)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	d.Found, d.Document, d.Added = append(d.Found, found), p.Document, append(d.Added, p.Added...)
	for _, domain := range p.Ignored {
		if !slices.Contains(d.Ignored, domain) {
			d.Ignored = append(d.Ignored, domain)
		}
	}
	for _, r := range p.Remarks {
		if !slices.Contains(d.Remarks, r) {
			d.Remarks = append(d.Remarks, r)
		}
	}
	return nil
}

// Write prints it for people. Names in it come from directories and DNS: one that is not printable is quoted.
func (d Discovery) Write(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, from := range d.Found {
		fmt.Fprintf(t, "SEEN FROM %s\tNETBIOS\tFOREST\tTRUST\tANSWERS\tSETTINGS\n", from.From)
		for _, f := range from.Domains {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", shown(f.Domain), shown(f.NetBIOS), shown(f.Forest), relation(f), yes(f.Reached), d.standing(f))
		}
		fmt.Fprintln(t)
		fmt.Fprintln(t, "SERVER\tSITE\tROLE\tLEARNT FROM")
		for _, f := range from.Domains {
			for _, s := range f.Servers {
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", shown(s.Host), shown(s.Site), roleOf(s), sources(s))
			}
		}
		fmt.Fprintln(t)
	}
	_ = t.Flush()
	for _, r := range d.Remarks {
		fmt.Fprintf(w, "%s: %s\n", shown(r.Domain), shown(r.Text))
	}
	if d.Diff == "" {
		fmt.Fprintln(w, "The settings have every domain that can be taken in.")
		return
	}
	fmt.Fprintf(w, "\nTo be accepted:\n\n%s", d.Diff)
}

// shown keeps what others chose from writing to a terminal.
func shown(s string) string {
	if s == "" {
		return "-"
	}
	if q := strconv.Quote(s); q != `"`+s+`"` {
		return q
	}
	return s
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func relation(f directory.FoundDomain) string {
	text := "none"
	switch {
	case f.Federated:
		text = "own name, federated"
	case f.Alias:
		text = "own name"
	case f.SameForest:
		text = "same forest"
	}
	if f.Trust != nil {
		text = discovery.Direction(*f.Trust) + " " + string(f.Trust.Kind)
		if f.Trust.Selective {
			text += ", selective"
		}
		if f.Via != "" {
			text += ", via " + shown(f.Via)
		}
	}
	return text
}

// standing says how a domain stands to the settings.
func (d Discovery) standing(f directory.FoundDomain) string {
	switch {
	case slices.Contains(d.Added, f.Domain):
		return "proposed"
	case slices.Contains(d.Ignored, f.Domain):
		return "ignored"
	case slices.ContainsFunc(d.Remarks, func(r discovery.Remark) bool { return r.Domain == f.Domain }):
		return "see below"
	case f.Alias:
		return "not needed"
	}
	return "there"
}

func roleOf(s directory.FoundServer) string {
	switch {
	case s.PDC:
		return "PDC emulator"
	case s.ReadOnly:
		return "read-only"
	}
	return "-"
}

func sources(s directory.FoundServer) string {
	var all []string
	for _, from := range s.Sources {
		all = append(all, string(from))
	}
	return strings.Join(all, ", ")
}
