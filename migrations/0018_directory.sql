-- +goose Up

-- Since when the copy of a directory is paused.
ALTER TABLE sync_state ADD COLUMN paused timestamptz;

-- Guided tests of settings that are not in force. They are kept for a day.
CREATE TABLE directory_test (
    id           text PRIMARY KEY,
    directory    text NOT NULL, -- of the administrator, as object
    object       text NOT NULL CHECK (object <> ''),
    kind         text NOT NULL,
    key          text NOT NULL, -- of the directory that is tested
    path         text NOT NULL,
    draft        text NOT NULL, -- sealed
    test_account text NOT NULL,
    begun        timestamptz NOT NULL,
    ended        timestamptz,
    steps        jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX directory_test_begun ON directory_test (begun);
