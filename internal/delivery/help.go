package delivery

// callerCode writes a number for the help desk. It says first whom it is for: read out to anybody else it must not be.
func (w writer) callerCode(key string) []part {
	return []part{
		{Text: w.T(key+".text", "Name", w.isolate(inert(w.m.Data["name"], `.@\`)), "Firm", w.firm)},
		{Text: w.T(key + ".read"), Code: plain(w.m.Data["code"])},
		{Text: w.T(key + ".never")},
	}
}

// leads writes what sends a person to one of our pages. It is the use case's to give no other link.
func (w writer) leads(key string) []part {
	return []part{
		{Text: w.T(key+".text", "Name", w.isolate(inert(w.m.Data["name"], `.@\`)), "Firm", w.firm), Link: w.m.Data["link"]},
		{Text: w.T("message.call")},
	}
}
