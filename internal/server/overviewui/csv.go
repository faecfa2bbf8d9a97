package overviewui

import (
	"bufio"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
)

// sheet writes a table for spreadsheets.
type sheet struct {
	out *csv.Writer
	buf *bufio.Writer
}

// newSheet begins an answer that is saved as a file.
func newSheet(w http.ResponseWriter, name string, head ...string) *sheet {
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	buf := bufio.NewWriterSize(w, 32<<10)
	s := &sheet{out: csv.NewWriter(buf), buf: buf}
	s.row(head...)
	return s
}

// row adds a line. Spreadsheets take text that begins like a formula for one, unless an apostrophe comes first.
func (s *sheet) row(cells ...string) {
	for i, c := range cells {
		if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) && !isNumber(c) {
			cells[i] = "'" + c
		}
	}
	_ = s.out.Write(cells) // done says what went wrong
}

func isNumber(c string) bool {
	_, err := strconv.ParseFloat(c, 64)
	return err == nil
}

// done ends the answer. One that broke off must not be taken for whole: the connection is cut.
func (s *sheet) done(err error) error {
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

func number(n int64) string { return strconv.FormatInt(n, 10) }
