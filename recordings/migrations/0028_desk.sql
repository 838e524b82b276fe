-- What agents write down: notes with a version and their authors, what the call was about, who the customer is by word.
ALTER TABLE interactions ADD COLUMN notes_version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE interactions ADD COLUMN customer_confirmed_at BIGINT;
CREATE TABLE note_authors (
    interaction_id TEXT   NOT NULL REFERENCES interactions (id),
    author         TEXT   NOT NULL,
    agent_id       TEXT,
    first_at       BIGINT NOT NULL,
    last_at        BIGINT NOT NULL,
    version        BIGINT NOT NULL,
    PRIMARY KEY (interaction_id, author)
);
CREATE TABLE wrap_up_choices (
    interaction_id TEXT   NOT NULL PRIMARY KEY REFERENCES interactions (id),
    code           TEXT   NOT NULL,
    name           TEXT   NOT NULL,
    tags           TEXT   NOT NULL,
    agent_id       TEXT,
    chosen_at      BIGINT NOT NULL
);
CREATE INDEX wrap_up_choices_by_agent ON wrap_up_choices (agent_id, chosen_at);
