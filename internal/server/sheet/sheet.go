// Package sheet writes lists as CSV files (RFC 4180) that spreadsheets open without running anything in them.
package sheet

import (
	"bufio"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
)

// Sheet is a file under way. It is for one goroutine.
type Sheet struct {
	out *csv.Writer
	buf *bufio.Writer
}

// New begins an answer that is saved as a file, with its first line.
func New(w http.ResponseWriter, name string, head ...string) *Sheet {
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	buf := bufio.NewWriterSize(w, 32<<10)
	s := &Sheet{out: csv.NewWriter(buf), buf: buf}
	s.Row(head...)
	return s
}

// Row adds a line. Spreadsheets take text that begins like a formula for one, unless an apostrophe comes first.
func (s *Sheet) Row(cells ...string) {
	for i, c := range cells {
		if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) && !isNumber(c) {
			cells[i] = "'" + c
		}
	}
	_ = s.out.Write(cells) // Done says what went wrong
}

func isNumber(c string) bool {
	_, err := strconv.ParseFloat(c, 64)
	return err == nil
}

// Done ends the answer. One that broke off must not be taken for whole: the connection is cut.
func (s *Sheet) Done(err error) error {
	s.out.Flush()
	if err == nil {
		err = s.out.Error()
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_ = s.buf.Flush() // the browser may have gone
	return nil
}
