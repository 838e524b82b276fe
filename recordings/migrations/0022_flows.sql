-- Several flows of one phone may have the same contact (RFC 5626): what tells bindings apart is where they came from too.
CREATE TABLE registrations_by_flow (
    extension  TEXT   NOT NULL,
    contact    TEXT   NOT NULL,
    instance   TEXT,
    source     TEXT   NOT NULL,
    call_id    TEXT   NOT NULL,
    cseq       BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (extension, contact, source)
);
INSERT INTO registrations_by_flow (extension, contact, instance, source, call_id, cseq, expires_at)
    SELECT extension, contact, instance, source, call_id, cseq, expires_at FROM registrations;
DROP TABLE registrations;
ALTER TABLE registrations_by_flow RENAME TO registrations;
