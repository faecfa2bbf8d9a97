-- +goose Up

-- Text messages that were paid for, one row each: a retry costs nothing more, and caps for an account and a range of numbers are counted
-- here. Numbers are keyed hashes; a range is a number without its last digits.
CREATE TABLE sms_charge (
    id       text PRIMARY KEY,
    at       timestamptz NOT NULL,
    account  text     NOT NULL,
    number   bytea    NOT NULL,
    block    text     NOT NULL,
    country  text     NOT NULL,
    segments integer  NOT NULL CHECK (segments > 0),
    cost     bigint   NOT NULL CHECK (cost >= 0), -- in millionths
    tries    integer  NOT NULL                    -- handed to the gateway, or about to be
);
CREATE INDEX sms_charge_account ON sms_charge (account, at);
CREATE INDEX sms_charge_block ON sms_charge (block, at);
CREATE INDEX sms_charge_at ON sms_charge (at);

-- What was spent on a day of UTC.
CREATE TABLE sms_day (
    day      date   NOT NULL,
    country  text   NOT NULL,
    messages bigint NOT NULL,
    segments bigint NOT NULL,
    cost     bigint NOT NULL,
    PRIMARY KEY (day, country)
);

-- Caps that administrators were told of.
CREATE TABLE sms_warning (
    day    date NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (day, reason)
);

-- Pays for a try of a message, or says why not; first is set once a day for each reason. Charges take turns until their transaction
-- ends, so that no two see the same room below a cap. A cap of 0 is none.
-- +goose StatementBegin
CREATE FUNCTION sms_pay(
    message text, paid_at timestamptz, payer text, to_number bytea, to_block text, to_country text, parts integer, price bigint, most_tries integer,
    day_segments bigint, day_cost bigint, month_segments bigint, month_cost bigint, payer_day integer, block_hour integer,
    OUT reason text, OUT first boolean
) LANGUAGE plpgsql AS $$
DECLARE
    today  date := (paid_at AT TIME ZONE 'UTC')::date;
    tried  integer;
    spent  record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('sms_pay', 0));
    reason := '';
    first := false;
    UPDATE sms_charge SET tries = tries + 1 WHERE id = message AND tries < most_tries;
    IF FOUND THEN
        RETURN;
    END IF;
    SELECT tries INTO tried FROM sms_charge WHERE id = message;
    IF FOUND THEN
        reason := 'in-doubt';
        RETURN;
    END IF;
    SELECT
        coalesce(sum(segments) FILTER (WHERE day = today), 0) + parts AS day_segments, coalesce(sum(cost) FILTER (WHERE day = today), 0) + price AS day_cost,
        coalesce(sum(segments), 0) + parts AS month_segments, coalesce(sum(cost), 0) + price AS month_cost
    INTO spent FROM sms_day WHERE day >= date_trunc('month', today)::date AND day < (date_trunc('month', today) + interval '1 month')::date;
    reason := CASE
        WHEN day_segments > 0 AND spent.day_segments > day_segments THEN 'day-segments'
        WHEN day_cost > 0 AND spent.day_cost > day_cost THEN 'day-money'
        WHEN month_segments > 0 AND spent.month_segments > month_segments THEN 'month-segments'
        WHEN month_cost > 0 AND spent.month_cost > month_cost THEN 'month-money'
        WHEN (SELECT count(*) FROM sms_charge WHERE account = payer AND (at AT TIME ZONE 'UTC')::date = today AND at > paid_at - interval '1 day') >= payer_day
            THEN 'account'
        WHEN (SELECT count(DISTINCT number) FROM sms_charge WHERE block = to_block AND at > paid_at - interval '1 hour' AND number <> to_number) >= block_hour
            THEN 'range'
        ELSE ''
    END;
    IF reason <> '' THEN
        INSERT INTO sms_warning (day, reason) VALUES (today, sms_pay.reason) ON CONFLICT DO NOTHING;
        first := FOUND;
        RETURN;
    END IF;
    INSERT INTO sms_charge (id, at, account, number, block, country, segments, cost, tries)
    VALUES (message, paid_at, payer, to_number, to_block, to_country, parts, price, 1);
    INSERT INTO sms_day AS d (day, country, messages, segments, cost) VALUES (today, to_country, 1, parts, price)
    ON CONFLICT (day, country) DO UPDATE SET messages = d.messages + 1, segments = d.segments + parts, cost = d.cost + price;
END
$$;
-- +goose StatementEnd

-- Takes back a try that sent nothing. A message with no try left is not paid for.
-- +goose StatementBegin
CREATE FUNCTION sms_unsent(message text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    gone sms_charge;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('sms_pay', 0));
    UPDATE sms_charge SET tries = tries - 1 WHERE id = message AND tries > 1;
    IF FOUND THEN
        RETURN;
    END IF;
    DELETE FROM sms_charge WHERE id = message RETURNING * INTO gone;
    IF FOUND THEN
        UPDATE sms_day SET messages = messages - 1, segments = segments - gone.segments, cost = cost - gone.cost
        WHERE day = (gone.at AT TIME ZONE 'UTC')::date AND country = gone.country;
    END IF;
END
$$;
-- +goose StatementEnd
