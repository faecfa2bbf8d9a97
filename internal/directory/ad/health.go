package ad

import (
	"context"

	"rekey/internal/directory"
)

// Health implements directory.Directory.
func (d *Directory) Health(ctx context.Context) directory.Health { return d.pool.Health(ctx) }
