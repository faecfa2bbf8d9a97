-- +goose Up

-- Locks a flow that somebody read before, and fails when it has moved on: the caller reads it again.
-- +goose StatementBegin
CREATE FUNCTION flow_unmoved(flow_id text, seen bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM flow WHERE id = flow_id AND version = seen FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the flow has moved on' USING ERRCODE = 'serialization_failure';
    END IF;
END
$$;
-- +goose StatementEnd

-- Appends a record to the audit log: the tree of RFC 6962 §2.1, as golang.org/x/mod/sumdb/tlog stores it. The head is locked for what
-- the server takes to commit, and for no round trip.
-- +goose StatementBegin
CREATE FUNCTION audit_append(
    at timestamptz, name text, outcome text, directory text, object text, flow text, reason text, leaf text, salt bytea, personal jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    number bigint;
    roots  bytea;
    node   bytea := sha256('\x00'::bytea || convert_to(leaf, 'UTF8'));
    added  bytea := node;
    rest   bigint;
BEGIN
    SELECT size, edge INTO STRICT number, roots FROM audit_head FOR UPDATE;
    rest := number;
    WHILE rest & 1 = 1 LOOP -- the record completes a subtree
        node := sha256('\x01'::bytea || substr(roots, length(roots) - 31) || node);
        roots := substr(roots, 1, length(roots) - 32);
        added := added || node;
        rest := rest >> 1;
    END LOOP;
    INSERT INTO audit_event (seq, at, name, outcome, directory, object, flow, reason, leaf, hashes, salt, personal)
    VALUES (number, at, name, outcome, directory, object, flow, reason, leaf, added, salt, personal);
    UPDATE audit_head SET size = number + 1, edge = roots || node;
END
$$;
-- +goose StatementEnd
