package ad

// absent is the DN of what is read in the place of an account that is not there: another account, or the guest until one was found.
func (d *Directory) absent(f domainFacts, name string) (dn, standIn string) {
	if guid := d.standIns.Of(name); guid != "" {
		return guidDN(guid), guid
	}
	return f.guest(), ""
}
