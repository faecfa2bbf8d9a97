package backupcode

// OpenCheap is Open with hashes that cost next to nothing, for tests that make hundreds.
func OpenCheap(c Config) (*Method, error) { return open(c, cost{Memory: 8, Time: 1}) }

// NewCode is newCode.
func NewCode(n int) string { return newCode(n) }

// Occupy takes the place of all hashes that may be computed at once.
func (m *Method) Occupy() {
	for range cap(m.hasher.slots) {
		m.hasher.slots <- struct{}{}
	}
}
