-- +goose Up

-- Administrators' sign-ins: apart from those of "My account", and so are their passkeys.
CREATE TABLE admin_session (
    id         text PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    version    bigint NOT NULL,
    directory  text NOT NULL,
    object     text NOT NULL CHECK (object <> ''),
    name       text NOT NULL,
    display    text NOT NULL,
    signed_in  timestamptz NOT NULL,
    proven     timestamptz, -- null: only the password was given
    touched    timestamptz NOT NULL,
    expires    timestamptz NOT NULL,
    ended      timestamptz,
    pending    bytea, -- sealed
    address    text NOT NULL,
    agent      text NOT NULL,
    elsewhere  boolean NOT NULL DEFAULT false -- the firm's sign-in page answers for the administrator
) WITH (fillfactor = 70);
CREATE INDEX admin_session_account ON admin_session (directory, object);
CREATE INDEX admin_session_expires ON admin_session (expires);

CREATE TABLE admin_passkey (
    id        text PRIMARY KEY,
    version   bigint NOT NULL,
    directory text NOT NULL,
    object    text NOT NULL CHECK (object <> ''),
    label     text NOT NULL,
    channel   text NOT NULL,
    data      bytea NOT NULL, -- sealed
    created   timestamptz NOT NULL,
    last_used timestamptz
);
CREATE INDEX admin_passkey_account ON admin_passkey (directory, object);

-- A link that works once, for one account.
CREATE TABLE admin_invitation (
    id         text PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    directory  text NOT NULL,
    object     text NOT NULL CHECK (object <> ''),
    name       text NOT NULL,
    by         text NOT NULL,
    made       timestamptz NOT NULL,
    expires    timestamptz NOT NULL,
    used       timestamptz -- also when it was replaced by a later one
);
CREATE UNIQUE INDEX admin_invitation_open ON admin_invitation (directory, object) WHERE used IS NULL;
