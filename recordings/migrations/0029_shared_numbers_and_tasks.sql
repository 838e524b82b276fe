-- A number may be several customers' (a family, an office). Follow-up tasks.
CREATE TABLE numbers_of_customers (
    number      TEXT   NOT NULL,
    customer_id TEXT   NOT NULL REFERENCES customers (id),
    place       BIGINT NOT NULL,
    PRIMARY KEY (number, customer_id)
);
INSERT INTO numbers_of_customers (number, customer_id, place) SELECT number, customer_id, place FROM customer_numbers;
DROP TABLE customer_numbers;
ALTER TABLE numbers_of_customers RENAME TO customer_numbers;
CREATE INDEX customer_numbers_by_customer ON customer_numbers (customer_id, place);
CREATE INDEX interactions_by_agent ON interactions (agent_id, started_at);
CREATE TABLE tasks (
    id             TEXT   NOT NULL PRIMARY KEY,
    title          TEXT   NOT NULL,
    text           TEXT,
    agent_id       TEXT,
    queue_id       TEXT,
    interaction_id TEXT,
    customer_id    TEXT,
    due_at         BIGINT,
    created_at     BIGINT NOT NULL,
    created_by     TEXT   NOT NULL,
    updated_at     BIGINT NOT NULL,
    done_at        BIGINT
);
CREATE INDEX tasks_by_agent ON tasks (agent_id, due_at);
CREATE INDEX tasks_by_queue ON tasks (queue_id, due_at);
CREATE INDEX tasks_by_age ON tasks (created_at, id);
