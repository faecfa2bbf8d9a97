package pilot

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

const (
	// MostTickets bounds a figure, and so finds what was typed into the wrong column.
	MostTickets = 1_000_000
	mostLines   = 100_000
	mostErrors  = 20
)

// Sheet is a CSV file of ticket figures: a header "day,tickets" or "day,tickets,group", then a line for each day. Semicolons do as well
// as commas, which is how spreadsheets write where the comma is the decimal sign.
type Sheet struct {
	File string // its name, for errors
	Of   string // whose figures they are, where no column says so; empty: the whole help desk's
	// Pilots that a group may name; an empty group is the whole help desk.
	Pilots []Pilot
	// Last is the last day that can have a figure.
	Last Day
}

// Read reads all figures or none. An error names file and line of each that is wrong.
func (s Sheet) Read(in io.Reader) ([]Tickets, error) {
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.File, err)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // as spreadsheets begin a file
	header, _, _ := bytes.Cut(text, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	if bytes.Contains(header, []byte(";")) {
		r.Comma = ';'
	}
	first, err := r.Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, s.broken(err)
	}
	columns := fold(first)
	grouped := slices.Equal(columns, []string{"day", "tickets", "group"})
	switch {
	case !grouped && !slices.Equal(columns, []string{"day", "tickets"}):
		return nil, fmt.Errorf(`%s:1: want the header "day,tickets" or "day,tickets,group", got %q`, s.File, strings.Join(first, ","))
	case grouped && s.Of != "":
		return nil, fmt.Errorf("%s:1: the file says itself whose figures they are: take out its group column, or do not name a pilot", s.File)
	}
	return s.lines(r, len(columns))
}

func (s Sheet) lines(r *csv.Reader, columns int) ([]Tickets, error) {
	var all []Tickets
	var errs []error
	seen := map[Tickets]int{} // the line of a day, without its figure
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(append(errs, s.broken(err))...)
		}
		line, _ := r.FieldPos(0)
		t, err := s.ticket(record, columns)
		key := Tickets{Of: t.Of, Day: t.Day}
		if before, twice := seen[key]; err == nil && twice {
			err = fmt.Errorf("%s is on line %d already", t.Day, before)
		}
		if err != nil {
			if errs = append(errs, fmt.Errorf("%s:%d: %w", s.File, line, err)); len(errs) == mostErrors {
				return nil, errors.Join(append(errs, errors.New("and no further line was looked at"))...)
			}
			continue
		}
		seen[key] = line
		if all = append(all, t); len(all) > mostLines {
			return nil, fmt.Errorf("%s:%d: want %d lines at most", s.File, line, mostLines)
		}
	}
	if len(errs) == 0 && len(all) == 0 {
		errs = append(errs, fmt.Errorf("%s: holds no figure", s.File))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return all, nil
}

// ticket reads one line.
func (s Sheet) ticket(record []string, columns int) (Tickets, error) {
	if len(record) != columns {
		return Tickets{}, fmt.Errorf("want %d columns, got %d", columns, len(record))
	}
	t := Tickets{Of: s.Of}
	if columns > 2 {
		t.Of = strings.TrimSpace(record[2])
	}
	n, err := strconv.Atoi(strings.TrimSpace(record[1]))
	if err != nil {
		return Tickets{}, fmt.Errorf("want a number of tickets, got %q", record[1])
	}
	t.Count = n
	if t.Day, err = ParseDay(strings.TrimSpace(record[0])); err != nil {
		return Tickets{}, err
	}
	return t, t.Check(s.Pilots, s.Last)
}

// Check says what is wrong with a figure.
func (t Tickets) Check(pilots []Pilot, last Day) error {
	if _, ok := Find(pilots, t.Of); !ok && t.Of != "" {
		return fmt.Errorf("no pilot %q: %s", t.Of, names(pilots))
	}
	switch {
	case t.Count < 0 || t.Count > MostTickets:
		return fmt.Errorf("want 0 to %d tickets, got %d", MostTickets, t.Count)
	case t.Day < 0:
		return fmt.Errorf("%s is too long ago", t.Day)
	case t.Day > last:
		return fmt.Errorf("%s is yet to come", t.Day)
	}
	return nil
}

// broken places what the CSV reader says.
func (s Sheet) broken(err error) error {
	var at *csv.ParseError
	if errors.As(err, &at) {
		return fmt.Errorf("%s:%d: %w", s.File, at.Line, at.Err)
	}
	return fmt.Errorf("%s: %w", s.File, err)
}

func fold(record []string) []string {
	out := make([]string, len(record))
	for i, s := range record {
		out[i] = strings.ToLower(strings.TrimSpace(s))
	}
	return out
}
