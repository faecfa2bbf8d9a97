-- +goose Up

-- A look at what a change of the settings means finds the other account of everybody who has two, a thousand at a time.
CREATE INDEX person_anchor ON person (dir, anchor) WHERE anchor <> '' AND gone IS NULL;
