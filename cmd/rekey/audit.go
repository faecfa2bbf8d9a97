package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"rekey/internal/ledger"
)

type auditCmd struct {
	Export auditExportCmd `cmd:"" help:"Write the audit log with its proof, one record a line."`
	Verify auditVerifyCmd `cmd:"" help:"Verify an export. Needs only the file and the public key. Exit status 2: it was tampered with."`
	Key    auditKeyCmd    `cmd:"" help:"Print the public key that exports are verified with."`
}

type auditExportCmd struct {
	Out    string `short:"o" type:"path" help:"File to write; standard output without it."`
	Author string `help:"Who; the operating system's user without it."`
}

func (e auditExportCmd) Run(ctx context.Context, c *cli) error {
	a, err := openToRepair(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	if e.Out == "" {
		return a.ExportAudit(ctx, os.Stdout, author(e.Author))
	}
	f, err := os.OpenFile(e.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := a.ExportAudit(ctx, f, author(e.Author)); err != nil {
		_ = f.Close() // the export has failed already
		return err
	}
	return f.Close()
}

type auditVerifyCmd struct {
	File string `arg:"" help:"Export to verify; - for standard input."`
	Key  string `required:"" help:"Public key, as printed by: rekey audit key."`
}

// Run needs no configuration, database or network.
func (v auditVerifyCmd) Run() error {
	var in io.Reader = os.Stdin
	if v.File != "-" {
		f, err := os.Open(v.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	summary, err := ledger.Verify(in, v.Key)
	if err != nil {
		return findings{err.Error()}
	}
	if summary.Excerpt {
		fmt.Printf("%d records are in the log as it was signed at %s; an excerpt says nothing of the others\n",
			summary.Records, summary.At.UTC().Format("2006-01-02 15:04:05Z"))
		return nil
	}
	fmt.Printf("%d records are complete and unchanged; signed at %s\n", summary.Records, summary.At.UTC().Format("2006-01-02 15:04:05Z"))
	return nil
}

type auditKeyCmd struct{}

func (auditKeyCmd) Run(ctx context.Context, c *cli) error {
	a, err := openToRepair(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	fmt.Println(a.Keys.Verifier())
	return nil
}
