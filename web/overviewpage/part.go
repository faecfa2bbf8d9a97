package overviewpage

import (
	"time"

	"rekey/web/console"
)

// Part is something resets depend on.
type Part struct {
	Name, Kind string
	Word       string
	Tone       console.Tone
	Success    time.Time
	P95        string
	Note       string
	Next       console.Link // where it is mended
}
