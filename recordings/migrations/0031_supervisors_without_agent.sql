-- Supervisors who are no agents have legs of their own, and the customer when they take a call over. The log knows them
-- by an id; here stands whose it is.
CREATE TABLE known_users (
    id    TEXT NOT NULL PRIMARY KEY,
    login TEXT NOT NULL
);
ALTER TABLE legs ADD COLUMN user_id TEXT;
ALTER TABLE interactions ADD COLUMN user_id TEXT;
