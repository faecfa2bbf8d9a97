package migrations_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"rekey/internal/lab/pgtest"
	"rekey/internal/postgres"
)

// update is read by the one test that can write what it compares.
var update = flag.Bool("update", false, "write schema.sql")

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestSchemaIsAsDumped(t *testing.T) {
	const file = "schema.sql"
	got := dump(t, pgtest.URL(t, postgres.Migrate))
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the migrations make: run go generate ./migrations and look at the difference", file)
	}
}

// dump gives the schema without what differs from one pg_dump to the next.
func dump(t *testing.T, url string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "pg_dump", "--schema-only", "--no-owner", "--no-privileges", "--dbname", url)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pg_dump: %v\n%s", err, stderr.String())
	}
	var b bytes.Buffer
	blank := true // at the start, and after a blank line
	for line := range strings.Lines(string(out)) {
		line = strings.TrimRight(line, " \n")
		noise := strings.HasPrefix(line, "--") || strings.HasPrefix(line, "SET ") || strings.HasPrefix(line, `\`) ||
			strings.HasPrefix(line, "SELECT pg_catalog.set_config")
		if noise || line == "" && blank {
			continue
		}
		blank = line == ""
		b.WriteString(line + "\n")
	}
	return append(bytes.TrimRight(b.Bytes(), "\n"), '\n')
}
