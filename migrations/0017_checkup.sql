-- +goose Up

-- Runs of the doctor's checks, so that every replica can show how far one is.
CREATE TABLE checkup (
    number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    author  text NOT NULL,
    began   timestamptz NOT NULL,
    touched timestamptz NOT NULL,
    ended   timestamptz,
    done    integer NOT NULL DEFAULT 0,
    total   integer NOT NULL,
    next    text NOT NULL,
    found   jsonb NOT NULL DEFAULT '[]'
);
