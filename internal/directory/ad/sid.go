package ad

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// sidText writes a binary SID as S-1-5-… (MS-DTYP 2.4.2.1); empty for what is none.
func sidText(b []byte) string {
	const fixed = 8
	if len(b) < fixed || len(b) != fixed+4*int(b[1]) {
		return ""
	}
	var s strings.Builder
	authority := uint64(binary.BigEndian.Uint16(b[2:4]))<<32 | uint64(binary.BigEndian.Uint32(b[4:8]))
	fmt.Fprintf(&s, "S-%d-%d", b[0], authority)
	for rest := b[fixed:]; len(rest) > 0; rest = rest[4:] {
		fmt.Fprintf(&s, "-%d", binary.LittleEndian.Uint32(rest))
	}
	return s.String()
}

// guidText writes a binary GUID as people do: the first three parts are little-endian (MS-DTYP 2.3.4.2). Empty for what is none.
func guidText(b []byte) string {
	if len(b) != 16 {
		return ""
	}
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x",
		binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint16(b[4:]), binary.LittleEndian.Uint16(b[6:]), b[8:10], b[10:])
}

// isGUID reports whether text is a GUID in the form guidText writes.
func isGUID(s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' || s != strings.ToLower(s) {
		return false
	}
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	return err == nil && len(b) == 16
}
