-- +goose Up

-- How alarmed the house is: a row for every change, ends among them. The newest is in force.
CREATE TABLE threat (
    number bigint PRIMARY KEY CHECK (number > 0),
    level  text NOT NULL CHECK (level IN ('', 'raise', 'privileged', 'stop')),
    at     timestamptz NOT NULL,
    since  timestamptz NOT NULL,
    until  timestamptz, -- it ends then by itself
    author text NOT NULL,
    reason text NOT NULL,
    CHECK ((until IS NULL) = (level = ''))
);
