// Package migrations holds the steps that bring a database to this version's schema. schema.sql is what they lead to, for
// people to read; a test keeps it true.
//
// A step that was released is never changed: add another one.
package migrations

import "embed"

// FS holds the steps: NNNN_name.sql. Step 2, the tables of the job queue, is in internal/postgres, because it is River's own
// code.
//
//go:embed 0*.sql
var FS embed.FS

//go:generate go test -count=1 -run TestSchema . -args -update
