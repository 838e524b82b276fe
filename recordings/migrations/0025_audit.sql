-- Who did what. Rows are appended and never changed: each row's hash covers the one before it.
CREATE TABLE audit (
    seq    BIGINT NOT NULL PRIMARY KEY,
    at     BIGINT NOT NULL,
    actor  TEXT   NOT NULL,
    role   TEXT   NOT NULL,
    action TEXT   NOT NULL,
    object TEXT   NOT NULL,
    status BIGINT NOT NULL,
    hash   TEXT   NOT NULL
);
