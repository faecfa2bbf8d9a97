package console

// iconPath gives the strokes of an icon on a 24×24 grid; empty: the icons of the end users' pages may know it.
func iconPath(name string) string {
	switch name {
	case "brand":
		return "M14.5 9A5.5 5.5 0 1 1 3.5 9a5.5 5.5 0 0 1 11 0M13 13l8 8M17 17l2.5-2.5M19.5 19.5L21 18"
	case "overview":
		return "M4 11l8-7 8 7v9H4zM10 20v-6h4v6"
	case "people":
		return "M12.500 8A3.500 3.500 0 1 1 5.500 8a3.500 3.500 0 0 1 7 0M2.500 20c0-4 2.800-6 6.500-6s6.500 2 6.500 6M16 5a3.500 3.500 0 0 1 0 6.500M18 14.500c2.200.6 3.500 2.500 3.500 5.500"
	case "audit":
		return "M5 4h14v16H5zM8.500 9h7M8.500 13h7M8.500 17h4"
	case "policies":
		return "M12 3l8 3v6c0 5-3.500 8-8 9.500C7.500 20 4 17 4 12V6z"
	case "methods":
		return "M12.500 14A4.500 4.500 0 1 1 3.500 14a4.500 4.500 0 0 1 9 0M11.500 10.500L20 3M17 5.500L19.500 8"
	case "directories":
		return "M5.500 4h13A1.500 1.500 0 0 1 20 5.500v4a1.500 1.500 0 0 1-1.500 1.500h-13A1.500 1.500 0 0 1 4 9.500v-4A1.500 1.500 0 0 1 5.500 4M5.500 13h13a1.500 1.500 0 0 1 1.500 1.500v4a1.500 1.500 0 0 1-1.500 1.500h-13A1.500 1.500 0 0 1 4 18.500v-4A1.500 1.500 0 0 1 5.500 13M7.500 7.500v.1M7.500 16.500v.1"
	case "messages":
		return "M6 16v-5a6 6 0 0 1 12 0v5l1.500 2h-15zM10 20.500h4"
	case "branding":
		return "M14 4l6 6-9 9H5v-6z"
	case "reports":
		return "M4 4v16h16M8 16v-5M12.500 16V7M17 16v-3"
	case "threat":
		return "M12 3.500v8M6.500 6.500a8 8 0 1 0 11 0"
	case "settings":
		return "M4 7h8M18 7h2M4 17h2M12 17h8M17.500 7A2.500 2.500 0 1 1 12.500 7a2.500 2.500 0 0 1 5 0M11.500 17A2.500 2.500 0 1 1 6.500 17a2.500 2.500 0 0 1 5 0"
	case "jobs":
		return "M4 6h10M4 12h10M4 18h10M18 6h2M18 12h2M18 18h2"
	case "keys":
		return "M6 10.500h12A1.500 1.500 0 0 1 19.500 12v7a1.500 1.500 0 0 1-1.500 1.500H6A1.500 1.500 0 0 1 4.500 19v-7A1.500 1.500 0 0 1 6 10.500M8 10.500v-3a4 4 0 0 1 8 0v3M12 14.500v2"
	case "doctor":
		return "M3 12h4l2.500-6.500 5 13L17 12h4"
	case "administrators":
		return "M13.500 8A3.500 3.500 0 1 1 6.500 8a3.500 3.500 0 0 1 7 0M3.500 20c0-4 2.800-6 6.500-6 1 0 2 .2 2.800.5M18 13.500l3 1.200v2.300c0 2-1.300 3.200-3 4-1.700-.8-3-2-3-4v-2.300z"
	case "search":
		return "M17 10.500A6.500 6.500 0 1 1 4 10.500a6.500 6.500 0 0 1 13 0M15.500 15.500L20.500 20.500"
	case "up":
		return "M12 19V5M6 11l6-6 6 6"
	case "down":
		return "M12 5v14M6 13l6 6 6-6"
	case "remove":
		return "M6 6l12 12M18 6L6 18"
	case "drag":
		return "M9 6v.1M15 6v.1M9 12v.1M15 12v.1M9 18v.1M15 18v.1"
	}
	return ""
}
