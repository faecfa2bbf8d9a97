-- +goose Up

-- Failures are counted for each source, or known browser, of an account, and for the account as a whole (lane '').
ALTER TABLE counter ADD COLUMN lane text NOT NULL DEFAULT '';
ALTER TABLE counter DROP CONSTRAINT counter_pkey;
ALTER TABLE counter ADD PRIMARY KEY (key, lane);
