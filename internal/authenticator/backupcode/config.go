package backupcode

import "fmt"

// Config says what new sheets look like. The zero value is sound. A sheet that was printed before a change stays good.
type Config struct {
	// Codes on a sheet, from 8 to 20; 0: 10.
	Codes int `yaml:"codes,omitempty" label:"Codes on a sheet" help:"Each can be used once. Sheets that were printed before stay good." default:"10" min:"8" max:"20"`
	// Length of a code in characters of 5 bits each: 16, 20, 24, 28 or 32; 0: 16, which is 80 bits. NIST SP 800-63B-4 §4.2.1.1 asks
	// for 64.
	Length int `yaml:"length,omitempty" label:"Characters of a code" help:"16, 20, 24, 28 or 32 characters of 5 bits each." default:"16" min:"16" max:"32"`
}

// Validate names the key that is wrong.
func (c Config) Validate() error {
	c = c.withDefaults()
	switch {
	case c.Codes < 8 || c.Codes > maxCodes:
		return fmt.Errorf("codes: want 8 to %d, got %d", maxCodes, c.Codes)
	case c.Length < 16 || c.Length > 32 || c.Length%group != 0:
		return fmt.Errorf("length: want 16, 20, 24, 28 or 32, got %d", c.Length)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Codes == 0 {
		c.Codes = 10
	}
	if c.Length == 0 {
		c.Length = 16
	}
	return c
}
