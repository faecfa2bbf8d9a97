package samba

import (
	"context"
	"fmt"

	"rekey/internal/lab/process"
)

// Script runs a shell script as an administrator on the first server does: samba-tool finds its configuration, and H is its database.
func (d *Domain) Script(ctx context.Context, text string) error {
	dc := d.dcs[0]
	_, err := process.Run(ctx, process.Spec{
		Path: "/bin/sh", Args: []string{"-s"}, Stdin: []byte(text), Dir: dc.dir,
		Env: []string{"SMB_CONF_PATH=" + dc.conf(), "H=" + dc.join("private", "sam.ldb")},
	})
	if err != nil {
		return fmt.Errorf("run a script on %s: %w", dc.fqdn(), err)
	}
	return nil
}
