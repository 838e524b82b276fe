-- Calendars of opening hours that somebody closed by hand: until when, and what callers hear, a prompt or words. One row
-- each; those whose time has passed count for nothing.
CREATE TABLE calendar_closures (
    calendar TEXT   NOT NULL PRIMARY KEY,
    since    BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    prompt   TEXT,
    words    TEXT,
    reason   TEXT   NOT NULL,
    closed_by TEXT  NOT NULL
);
