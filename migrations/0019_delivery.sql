-- What was sent when to whom, and what came of it. No text, and nothing that filled one: codes would be among that.

-- +goose Up
CREATE TABLE delivery (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    event text NOT NULL,
    channel text NOT NULL,
    language text NOT NULL,
    masked text NOT NULL, -- of the address, for who may not see it
    recipient bytea NOT NULL, -- sealed
    account text NOT NULL, -- "directory/object"; empty: nobody's
    others boolean NOT NULL, -- to somebody who does not own the account
    own boolean NOT NULL, -- written by a text of the firm's own
    settings bigint NOT NULL, -- the version it was written by
    state text NOT NULL,
    reason text NOT NULL,
    error text NOT NULL,
    tries integer NOT NULL,
    queued timestamptz NOT NULL,
    at timestamptz NOT NULL -- of the last try
);
CREATE INDEX delivery_account ON delivery (account, number) WHERE account <> '';
CREATE INDEX delivery_state ON delivery (state, number) WHERE state <> 'sent';
CREATE INDEX delivery_at ON delivery (at);

-- +goose Down
DROP TABLE delivery;
