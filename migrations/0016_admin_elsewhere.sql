-- +goose Up
ALTER TABLE admin_session ADD COLUMN elsewhere boolean NOT NULL DEFAULT false; -- the firm's sign-in page answers for the administrator
