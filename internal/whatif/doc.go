// Package whatif answers what somebody would get if they tried now, from here, or then, from there: with the facts and the function of
// the live flow, by the settings in force or by others that are only thought of. The command and the pages share it.
package whatif
