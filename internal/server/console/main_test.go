package console_test

import (
	"testing"

	"rekey/internal/lab/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }
