package discovery

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"rekey/internal/directory"
	"rekey/internal/policy"
)

// mostServers is how many of a domain's controllers are proposed: enough to fail over, few enough to look through.
const mostServers = 5

// appendEntry adds the lines of a directory. What is known of another one serves where it can: its certificates when they verified a
// server of the domain, its sign-in when the domain welcomes that. Errors: a value that cannot be written.
func appendEntry(lines []string, seed entry, from string, f directory.FoundDomain) ([]string, error) {
	w := writer{lines: lines}
	w.line("- %s:", seed.kind)
	w.line("    # Found from %s: %s. Look at it before it is applied.", from, relation(f))
	w.line("    domain: %s", w.scalar(f.Domain))
	if plainName.MatchString(f.NetBIOS) {
		w.line("    netbios: %s", w.scalar(f.NetBIOS))
	}
	if servers := chosen(f); len(servers) > 0 {
		w.line("    servers: [%s]", strings.Join(servers, ", "))
	} else {
		w.line("    # servers: fill in the ldaps URLs of its domain controllers; none that takes writes is known")
	}
	switch {
	case !f.Reached:
		w.line("    # ca_file: fill in who signs its servers' certificates; none of them answered, so those of %s may not do", from)
	case seed.caFile != "":
		w.line("    ca_file: %s", w.scalar(seed.caFile))
	}
	switch {
	case !f.Welcomes():
		w.line("    # user: fill in a service account of %s, and its password; whether that of %s is let in there cannot be seen", f.Domain, from)
	case !strings.ContainsAny(seed.user, `@\`) || strings.Contains(seed.user, "="):
		w.line("    # user: fill in, and password; that of %s would do, as NETBIOS\\name or name@domain: its DN is not known there", from)
	default:
		w.line("    # The password goes to these servers. Its account needs the same rights here; `rekey doctor` checks them.")
		w.line("    user: %s", w.scalar(seed.user))
		w.line("    password: {%s}", w.reference(seed))
	}
	return w.lines, w.err
}

// defaultPolicy is what holds for a domain nobody has thought about yet.
func defaultPolicy(domain string) []string {
	var w writer
	w.line("%s:", w.scalar(domain))
	w.line("  name: Everybody of %s", domain)
	w.line("  reset: {count: %d}", policy.Default().Reset.Count)
	return w.lines
}

// relation says in what way a domain is known.
func relation(f directory.FoundDomain) string {
	switch {
	case f.SameForest:
		return "same forest"
	case f.Trust == nil:
		return "not trusted"
	}
	text := Direction(*f.Trust) + " " + string(f.Trust.Kind) + " trust"
	if f.Via != "" {
		text += " with " + f.Via
	}
	return text
}

// Direction says who trusts whom.
func Direction(t directory.Trust) string {
	switch {
	case t.Inbound && t.Outbound:
		return "two-way"
	case t.Inbound:
		return "inbound"
	case t.Outbound:
		return "outbound"
	}
	return "disabled"
}

// chosen are URLs of servers that take writes, the PDC emulator first: it has to be among them. One that DNS alone knows, under a name
// outside the domain, is left out: whoever can write to DNS would be sent the password.
func chosen(f directory.FoundDomain) []string {
	all := slices.DeleteFunc(slices.Clone(f.Servers), func(s directory.FoundServer) bool {
		ours := strings.HasSuffix(s.Host, "."+f.Domain) || slices.Contains(s.Sources, directory.FromSites)
		return s.ReadOnly || !ours || !plainHost.MatchString(s.Host)
	})
	slices.SortStableFunc(all, func(a, b directory.FoundServer) int {
		if a.PDC != b.PDC {
			return map[bool]int{true: -1, false: 1}[a.PDC]
		}
		return cmp.Compare(a.Host, b.Host)
	})
	var urls []string
	for _, s := range all[:min(mostServers, len(all))] {
		urls = append(urls, "ldaps://"+s.Host)
	}
	return urls
}

var (
	plainName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,15}$`)
	plainHost = regexp.MustCompile(`^[a-z0-9_.-]{1,253}$`)
	// plain are texts that YAML reads as they stand.
	plain    = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9/._+@\\-]*$`)
	reserved = []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null", "inf", "nan"}
)

// writer collects lines, with the first error.
type writer struct {
	lines []string
	err   error
}

func (w *writer) line(format string, args ...any) {
	w.lines = append(w.lines, fmt.Sprintf(format, args...))
}

// scalar writes a text so that YAML reads the same. One that is not printable is refused: it would need escapes nobody can check.
func (w *writer) scalar(s string) string {
	if plain.MatchString(s) && !slices.Contains(reserved, strings.ToLower(s)) {
		return s
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		w.err = fmt.Errorf("%q cannot be written into the settings", s)
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// reference writes where a directory's password is kept.
func (w *writer) reference(e entry) string {
	for _, key := range []string{"file", "env", "sealed"} {
		if v, ok := e.password[key]; ok {
			return key + ": " + w.scalar(text(v))
		}
	}
	return ""
}
