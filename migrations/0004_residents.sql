-- +goose Up

-- How many people of each directory have names in a domain: where a name that nobody has would belong.
CREATE TABLE resident (
    domain    text NOT NULL, -- lower case
    directory text NOT NULL,
    people    bigint NOT NULL,
    counted   timestamptz NOT NULL,
    PRIMARY KEY (domain, directory)
);
