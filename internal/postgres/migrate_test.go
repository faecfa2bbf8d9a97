package postgres_test

import (
	"testing"

	"rekey/internal/lab/pgtest"
	"rekey/internal/postgres"
)

func TestMigrateTwiceAndAtOnce(t *testing.T) {
	url := pgtest.URL(t, nil)
	for i, err := range race(4, func(int) error { return postgres.Migrate(t.Context(), url) }) {
		if err != nil {
			t.Errorf("replica %d: %v", i, err)
		}
	}
	if err := postgres.Migrate(t.Context(), url); err != nil {
		t.Errorf("again: %v", err)
	}
	pool, err := postgres.Connect(t.Context(), url, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	s := storeOn(t, pool, make([]byte, 32))
	if _, err := s.Clock(t.Context()); err != nil {
		t.Error(err)
	}
	t.Run("another version's schema is found", func(t *testing.T) {
		s.exec(t, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`)
		if _, err := s.Clock(t.Context()); err == nil {
			t.Error("taken for this version's")
		}
	})
}

func TestUpgradeAppliesWhatIsMissing(t *testing.T) {
	url := pgtest.URL(t, nil)
	pool, err := postgres.Connect(t.Context(), url, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	for _, state := range []string{"empty", "up to date"} {
		if err := postgres.Upgrade(t.Context(), pool, url); err != nil {
			t.Fatalf("%s: %v", state, err)
		}
		if _, err := storeOn(t, pool, make([]byte, 32)).Clock(t.Context()); err != nil {
			t.Errorf("%s: %v", state, err)
		}
	}
	if _, err := pool.Exec(t.Context(), `DELETE FROM goose_db_version WHERE version_id = 3`); err != nil {
		t.Fatal(err)
	}
	if err := postgres.Upgrade(t.Context(), pool, url); err == nil {
		t.Error("a missing step was not noticed")
	}
}

func TestMigrateSaysWhatIsWrong(t *testing.T) {
	if err := postgres.Migrate(t.Context(), "postgres://127.0.0.1:1/rekey?connect_timeout=2"); err == nil {
		t.Error("migrated nothing")
	}
}
