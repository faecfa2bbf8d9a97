// Package server is the HTTP edge: the router, what every request passes through, cookies, and the one place where an error
// becomes a page. Pages live in server/<area>ui, one handler per form.
//
// A handler is func(w, r) error and makes three moves: parse, one call of a use case, redirect or render. Errors it returns meet
// one table here: the fault's kind decides status, page and log level; what nobody classified is a 500 with a general text.
//
// Every route is in a table with its guard, its limiter and the audit event it causes; a test compares the table with the
// router and with testdata/routes.txt.
package server
