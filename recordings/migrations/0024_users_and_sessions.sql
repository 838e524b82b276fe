-- People who sign in to the console, and who is signed in. A session is kept by the hash of its id.
CREATE TABLE users (
    login         TEXT   NOT NULL PRIMARY KEY,
    name          TEXT   NOT NULL,
    role          TEXT   NOT NULL,
    agent_login   TEXT,
    password_hash TEXT   NOT NULL,
    changed_at    BIGINT NOT NULL
);
CREATE TABLE sessions (
    hash         TEXT   NOT NULL PRIMARY KEY,
    login        TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    role         TEXT   NOT NULL,
    agent_login  TEXT,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_login ON sessions (login);
