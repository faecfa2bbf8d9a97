package ad

import "time"

// Spread implements directory.Spreader. Domain controllers of the same site hear of a new password within seconds (MS-ADTS
// 3.1.1.5.1.5: urgent replication), those of other sites after the default notification delay of a site link.
func (d *Directory) Spread() time.Duration { return 15 * time.Minute }
