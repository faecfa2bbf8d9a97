package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"rekey/internal/lab/process"
	"rekey/internal/lab/template"
)

// access lets the cluster's owner in over the Unix socket, whose folder only they and root may enter, and asks for a
// password over TCP.
const access = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"

// binDir finds the newest server installed the Debian way.
func binDir() (string, error) {
	dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(dirs) == 0 {
		return "", errors.New("no PostgreSQL server under /usr/lib/postgresql: install the package postgresql")
	}
	version := func(dir string) int {
		n, err := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		if err != nil {
			return 0
		}
		return n
	}
	return slices.MaxFunc(dirs, func(a, b string) int { return version(a) - version(b) }), nil
}

// serverUser is who the server runs as: PostgreSQL refuses to run as root.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		return nil, fmt.Errorf("find a user for the server: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("read uid of nobody: %w", err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("read gid of nobody: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// prepare fills a data folder from the template. initdb takes a second of a core, a copy takes a twentieth.
func prepare(ctx context.Context, bin, data string, runAs *syscall.Credential) error {
	src, err := template.Default().Get(ctx, template.Recipe{
		Name:  "postgres",
		Key:   bin + access,
		Build: func(ctx context.Context, dir string) error { return initialise(ctx, bin, dir, runAs) },
	})
	if err != nil {
		return err
	}
	if err := template.Copy(src, data, runAs); err != nil {
		return err
	}
	// The server refuses a data folder others may enter.
	if err := os.Chmod(data, 0o700); err != nil {
		return fmt.Errorf("close data folder: %w", err)
	}
	return nil
}

// initialise runs initdb in a folder its user can reach and copies the result: the cache is usually under a home
// folder that nobody may not enter.
func initialise(ctx context.Context, bin, dir string, runAs *syscall.Credential) error {
	tmp, err := os.MkdirTemp("/tmp", "rekey-initdb-")
	if err != nil {
		return fmt.Errorf("make folder for initdb: %w", err)
	}
	defer os.RemoveAll(tmp)
	if runAs != nil {
		if err := os.Chown(tmp, int(runAs.Uid), int(runAs.Gid)); err != nil {
			return fmt.Errorf("give folder to the server's user: %w", err)
		}
	}
	data := filepath.Join(tmp, "data")
	_, err = process.Run(ctx, process.Spec{
		Path: filepath.Join(bin, "initdb"),
		Args: []string{"-D", data, "-U", superuser, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"},
		Dir:  tmp, Env: []string{"HOME=" + tmp}, Credential: runAs,
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(data, "pg_hba.conf"), []byte(access), 0o600); err != nil {
		return fmt.Errorf("write access rules: %w", err)
	}
	return template.Copy(data, dir, nil)
}
