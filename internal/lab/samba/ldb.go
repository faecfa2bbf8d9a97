package samba

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"unicode/utf16"

	"rekey/internal/lab/process"
)

// backdate lets a modification set pwdLastSet to any time (DSDB_CONTROL_PASSWORD_BYPASS_LAST_SET_OID).
const backdate = "--controls=local_oid:1.3.6.1.4.1.7165.4.3.20:0"

// modify applies LDIF to the server's database, running or not, past all access checks.
func (dc *DC) modify(ctx context.Context, ldif []byte, options ...string) error {
	if len(ldif) == 0 {
		return nil
	}
	_, err := dc.ldb(ctx, "ldbmodify", ldif, append([]string{"-o", "batch_mode:1"}, options...)...)
	return err
}

func (dc *DC) ldb(ctx context.Context, tool string, stdin []byte, args ...string) ([]byte, error) {
	return process.Run(ctx, process.Spec{
		Path: "/usr/bin/" + tool, Args: append([]string{"-H", dc.join("private", "sam.ldb")}, args...), Dir: dc.dir,
		Env: []string{"SMB_CONF_PATH=" + dc.conf()}, Stdin: stdin,
	})
}

// attribute writes a line of LDIF. Everything is base64, so that no value needs a closer look.
func attribute(b *bytes.Buffer, name string, values ...[]byte) {
	for _, v := range values {
		fmt.Fprintf(b, "%s:: %s\n", name, base64.StdEncoding.EncodeToString(v))
	}
}

// modification writes an LDIF record that changes one attribute.
func modification(b *bytes.Buffer, dn, how, name string, values ...[]byte) {
	attribute(b, "dn", []byte(dn))
	fmt.Fprintf(b, "changetype: modify\n%s: %s\n", how, name)
	attribute(b, name, values...)
	b.WriteString("\n")
}

// utf16le encodes a password as the directory wants it.
func utf16le(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}
