package component

// iconPath gives the strokes of an icon on a 24×24 grid. They are drawn for this product, one path each.
func iconPath(name string) string {
	switch name {
	case "passkey":
		return "M13.5 7A3.5 3.5 0 1 1 6.5 7a3.5 3.5 0 0 1 7 0M3 20c0-4 3-6.5 7-6.5 1.1 0 2.1.2 3 .5M20 14a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0M17.5 16.5V21l1.7-1.2"
	case "totp":
		return "M9 2.5h6A2 2 0 0 1 17 4.5v15a2 2 0 0 1-2 2H9a2 2 0 0 1-2-2v-15a2 2 0 0 1 2-2M10.5 18.5h3"
	case "mail":
		return "M4.5 5h15A1.5 1.5 0 0 1 21 6.5v11a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17.5v-11A1.5 1.5 0 0 1 4.5 5M3.5 7l8.5 6 8.5-6"
	case "backup-code", "sheet":
		return "M6 3h12a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2M8 8h8M8 12h8M8 16h4"
	case "sms", "voice":
		return "M4 5h16v11H11l-4.5 3.5V16H4z"
	case "push":
		return "M6 16v-5a6 6 0 0 1 12 0v5l1.5 2h-15zM10 20.5h4"
	case "password", "lock":
		return "M6 10.5h12A1.5 1.5 0 0 1 19.5 12v7a1.5 1.5 0 0 1-1.5 1.5H6A1.5 1.5 0 0 1 4.5 19v-7A1.5 1.5 0 0 1 6 10.5M8 10.5V7.5a4 4 0 0 1 8 0v3"
	case "good":
		return "M4.5 12.5l5 5 10-11"
	case "warning":
		return "M12 3.5l9.5 17h-19zM12 10v5M12 17.5v.1"
	case "info":
		return "M21 12A9 9 0 1 1 3 12a9 9 0 0 1 18 0M12 11v5.5M12 7.5v.1"
	case "clock":
		return "M21 12A9 9 0 1 1 3 12a9 9 0 0 1 18 0M12 7v5l3.5 2"
	case "key":
		return "M14.5 9A5.5 5.5 0 1 1 3.5 9a5.5 5.5 0 0 1 11 0M13 13l8 8M17 17l2.5-2.5"
	case "change":
		return "M4 8h13l-3.5-3.500M20 16H7l3.5 3.5"
	case "account":
		return "M15.5 8A3.5 3.5 0 1 1 8.5 8a3.5 3.5 0 0 1 7 0M5 20.500c0-4 3-6.5 7-6.500s7 2.5 7 6.5"
	case "screen":
		return "M4.5 4.500h15A1.5 1.5 0 0 1 21 6v9a1.5 1.5 0 0 1-1.5 1.500h-15A1.5 1.5 0 0 1 3 15V6a1.5 1.5 0 0 1 1.5-1.500M12 16.500v4M8 20.500h8"
	case "plus":
		return "M12 5v14M5 12h14"
	}
	return "M12 2.5l8 3v6c0 5-3.5 8.5-8 10-4.5-1.5-8-5-8-10v-6z" // a shield, for kinds without a picture of their own
}
