package evidence

import (
	"encoding/csv"
	"encoding/hex"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// table writes records as CSV (RFC 4180) that a spreadsheet runs nothing of.
type table struct{ csv *csv.Writer }

// head are its columns.
func head() []string {
	return []string{
		"number", "time", "event", "outcome", "reason", "actor", "administrator", "role", "ticket", "directory", "object", "name", "flow",
		"action", "policy", "settings", "methods", "address", "agent", "request", "details", "hash",
	}
}

func newTable(w io.Writer) table {
	t := table{csv.NewWriter(w)}
	t.csv.UseCRLF = true
	_ = t.csv.Write(head()) // an error stays, and flush gives it
	return t
}

func (t table) write(r Record) error {
	ev := r.Event
	kinds := make([]string, len(ev.Factors))
	for i, k := range ev.Factors {
		kinds[i] = string(k)
	}
	address := ""
	if ev.Source.Address.IsValid() {
		address = ev.Source.Address.String()
	}
	var details []string
	for _, k := range slices.Sorted(maps.Keys(ev.Detail)) {
		if k != "name" {
			details = append(details, k+"="+ev.Detail[k])
		}
	}
	cells := []string{
		strconv.FormatInt(r.Number, 10), ev.At.UTC().Format(time.RFC3339Nano), string(ev.Name), string(ev.Outcome), ev.Reason, string(ev.Actor),
		ev.By, ev.Role, ev.Ticket, ev.Subject.Directory, ev.Subject.Object, ev.Detail["name"], ev.Flow, ev.Purpose, ev.Policy,
		strconv.FormatInt(ev.Settings, 10), strings.Join(kinds, " "), address, ev.Source.Agent, ev.Source.RequestID,
		strings.Join(details, "; "), hex.EncodeToString(r.Hash),
	}
	for i, c := range cells {
		cells[i] = inert(c)
	}
	return t.csv.Write(cells)
}

func (t table) flush() error {
	t.csv.Flush()
	return t.csv.Error()
}

// inert keeps spreadsheets from taking a text for a formula (OWASP, "CSV Injection").
func inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}
