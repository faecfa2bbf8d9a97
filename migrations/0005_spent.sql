-- +goose Up

-- Answers to challenges that were used: each is good once. Unlogged, as buckets are: they live for minutes.
CREATE UNLOGGED TABLE spent (
    id    text PRIMARY KEY,
    until timestamptz NOT NULL
);
