-- +goose Up

-- Wrong answers of the last hour, by account and by source. Unlogged, as buckets are.
CREATE UNLOGGED TABLE failure (
    key text        NOT NULL,
    at  timestamptz NOT NULL
);
CREATE INDEX failure_key ON failure (key, at);

-- Attempts that ended well: limits count them, and rules ask where an account was used from.
CREATE TABLE completed (
    directory text        NOT NULL,
    object    text        NOT NULL,
    action    text        NOT NULL,
    at        timestamptz NOT NULL,
    country   text        NOT NULL DEFAULT '', -- ISO 3166-1 alpha-2; empty: unknown
    latitude  double precision,                -- to a tenth of a degree; NULL: unknown
    longitude double precision
);
CREATE INDEX completed_account ON completed (directory, object, at);
CREATE INDEX completed_country ON completed (country);
