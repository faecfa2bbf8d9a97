package component

import (
	"strconv"
	"strings"

	"rsc.io/qr"
)

// quiet is the empty border a QR code needs, in modules.
const quiet = 4

// qrDrawing is a QR code as one SVG path.
type qrDrawing struct {
	size int
	path string
}

func (q qrDrawing) box() string {
	side := strconv.Itoa(q.size + 2*quiet)
	return "0 0 " + side + " " + side
}

// drawQR draws runs of dark modules as bars, row by row. A text too long for a QR code gives no drawing.
func drawQR(text string) qrDrawing {
	code, err := qr.Encode(text, qr.M)
	if err != nil || text == "" {
		return qrDrawing{}
	}
	var b strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := 0
			for x+run < code.Size && code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				bar(&b, x+quiet, y+quiet, run)
				x += run
			}
		}
	}
	return qrDrawing{size: code.Size, path: b.String()}
}

func bar(b *strings.Builder, x, y, run int) {
	b.WriteString("M" + strconv.Itoa(x) + " " + strconv.Itoa(y) + "h" + strconv.Itoa(run) + "v1h-" + strconv.Itoa(run) + "z")
}
