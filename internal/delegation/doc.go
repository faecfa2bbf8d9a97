// Package delegation writes the scripts that give Rekey's service account exactly the rights it uses, and no more. They are text for an
// administrator to read and run: nothing here runs them.
//
//	Active Directory  on users below the units given: Reset Password, read and write lockoutTime and pwdLastSet;
//	                  reading fine-grained password policies; reading groups (Windows Authorization Access Group)
//	Entra ID          the application's permissions of Microsoft Graph, and one directory role
//
// Whoever may name a unit or an account must not be able to write into a script: every name is quoted for the shell it goes to, and one
// that cannot be is refused. Names without a line of their own are refused anywhere.
package delegation
