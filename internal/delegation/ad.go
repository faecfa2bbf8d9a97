package delegation

import (
	"fmt"
	"strings"
)

// What the rights are called in access lists (MS-ADTS 5.1.3.2.1, and the schema's schemaIDGUID).
const (
	classUser     = "bf967aba-0de6-11d0-a285-00aa003049e2"
	resetPassword = "00299570-246d-11d0-a768-00aa006e0529"
	lockoutTime   = "28630ebf-41d5-11d1-a9c1-0000f80367c1"
	pwdLastSet    = "bf967a0a-0de6-11d0-a285-00aa003049e2"
)

// policies is where fine-grained password policies are.
func policies(base string) string { return "CN=Password Settings Container,CN=System," + base }

// DSACLS is the script for dsacls, run in PowerShell by a domain administrator. Errors: *NameError; a name with a quotation mark, which
// PowerShell hands to programs differently from version to version.
func DSACLS(d Domain) (string, error) {
	if err := d.Validate(); err != nil {
		return "", err
	}
	for _, u := range d.Units {
		if strings.Contains(u, `"`) {
			return "", &NameError{u, "holds a quotation mark, which dsacls may get wrong: use the script for the ActiveDirectory module"}
		}
	}
	var b strings.Builder
	b.WriteString("# Run in PowerShell as a domain administrator. What it grants, and where, is all that is said here.\n$ErrorActionPreference = 'Stop'\n")
	fmt.Fprintf(&b, "$who = %s\n", powershell(d.NetBIOS+`\`+d.Account))
	for _, u := range d.Units {
		fmt.Fprintf(&b, "\n$ou = %s\n", powershell(u))
		b.WriteString("dsacls $ou /I:S /G \"${who}:CA;Reset Password;user\"\n")
		b.WriteString("dsacls $ou /I:S /G \"${who}:RPWP;lockoutTime;user\" \"${who}:RPWP;pwdLastSet;user\"\n")
	}
	fmt.Fprintf(&b, "\n# read fine-grained password policies\ndsacls %s /I:T /G \"${who}:GR\"\n", powershell(policies(d.BaseDN)))
	fmt.Fprintf(&b, "\n# read groups, nested ones too\nAdd-ADGroupMember -Identity 'S-1-5-32-560' -Members %s\n", powershell(d.Account))
	return b.String(), nil
}

// PowerShell is the script for the ActiveDirectory module. Errors: *NameError.
func PowerShell(d Domain) (string, error) {
	if err := d.Validate(); err != nil {
		return "", err
	}
	units := make([]string, len(d.Units))
	for i, u := range d.Units {
		units[i] = "    " + powershell(u)
	}
	return fmt.Sprintf(`# Run in PowerShell as a domain administrator, where the ActiveDirectory module is. What it grants, and where, is all that is said here.
$ErrorActionPreference = 'Stop'
Import-Module ActiveDirectory
$sid = (Get-ADUser -Identity %[1]s).SID
$units = @(
%[2]s
)
$user = [guid]'%[3]s'
$none = [guid]::Empty
function Allow($right, $object, $inherit, $of) {
    New-Object System.DirectoryServices.ActiveDirectoryAccessRule($sid, $right, 'Allow', $object, $inherit, $of)
}
foreach ($ou in $units) {
    $there = Get-ADObject -Identity $ou -Properties nTSecurityDescriptor
    $acl = $there.nTSecurityDescriptor
    $acl.AddAccessRule((Allow 'ExtendedRight' ([guid]'%[4]s') 'Descendents' $user))                 # Reset Password
    $acl.AddAccessRule((Allow 'ReadProperty, WriteProperty' ([guid]'%[5]s') 'Descendents' $user))   # lockoutTime
    $acl.AddAccessRule((Allow 'ReadProperty, WriteProperty' ([guid]'%[6]s') 'Descendents' $user))   # pwdLastSet
    Set-ADObject -Identity $there -Replace @{ nTSecurityDescriptor = $acl }
}

# read fine-grained password policies
$there = Get-ADObject -Identity %[7]s -Properties nTSecurityDescriptor
$acl = $there.nTSecurityDescriptor
$acl.AddAccessRule((Allow 'GenericRead' $none 'All' $none))
Set-ADObject -Identity $there -Replace @{ nTSecurityDescriptor = $acl }

# read groups, nested ones too
Add-ADGroupMember -Identity 'S-1-5-32-560' -Members $sid
`, powershell(d.Account), strings.Join(units, ",\n"), classUser, resetPassword, lockoutTime, pwdLastSet, powershell(policies(d.BaseDN))), nil
}

// Samba is the script for samba-tool, run on a domain controller. H says which database it changes; empty: the server's own. Errors:
// *NameError.
func Samba(d Domain) (string, error) {
	if err := d.Validate(); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("#!/bin/sh\n# Run on a domain controller as root. What it grants, and where, is all that is said here.\nset -eu\n")
	b.WriteString("H=${H:-/var/lib/samba/private/sam.ldb}\n")
	fmt.Fprintf(&b, "sid=$(samba-tool user show %s --attributes=objectSid -H \"$H\" | sed -n 's/^objectSid: //p')\n", posix(d.Account))
	b.WriteString("test -n \"$sid\"\n")
	for _, u := range d.Units {
		fmt.Fprintf(&b, "\n# Reset Password, lockoutTime, pwdLastSet\nsamba-tool dsacl set -H \"$H\" --objectdn=%s --sddl=\"(OA;CIIO;CR;%s;%s;$sid)(OA;CIIO;RPWP;%s;%s;$sid)(OA;CIIO;RPWP;%s;%s;$sid)\" >/dev/null\n",
			posix(u), resetPassword, classUser, lockoutTime, classUser, pwdLastSet, classUser)
	}
	fmt.Fprintf(&b, "\n# read fine-grained password policies\nsamba-tool dsacl set -H \"$H\" --objectdn=%s --sddl=\"(A;CI;RPLCLORC;;;$sid)\" >/dev/null\n", posix(policies(d.BaseDN)))
	return b.String(), nil
}
