package settings

import (
	"errors"
	"strings"

	"rekey/internal/directory"
)

// OpenDirectory opens a directory that is not in force, from one item of the list of directories in YAML. The caller closes it. Errors name
// the key.
func (m *Manager) OpenDirectory(item string) (directory.Directory, error) {
	var text strings.Builder
	text.WriteString("directories:\n")
	indent := "  - "
	for line := range strings.Lines(item) {
		text.WriteString(indent + line)
		indent = "    "
	}
	d, err := Parse("settings", []byte(text.String()))
	if err != nil {
		return nil, err
	}
	if len(d.Directories) != 1 || len(d.Directories[0]) != 1 {
		return nil, errors.New("want one directory of one type")
	}
	deps := m.deps
	deps.Resolve = Resolver(deps.Keys)
	for kind, node := range d.Directories[0] {
		if plugin, ok := m.registry.Directories[kind]; ok {
			return plugin.Open(d.decoder(node), deps)
		}
	}
	return nil, errors.New("no such type of directory")
}
