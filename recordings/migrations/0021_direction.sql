-- Which way an interaction went. Calls out of before have a tag; who dialled them is known by the phone's leg.
ALTER TABLE interactions ADD COLUMN direction TEXT NOT NULL DEFAULT 'inbound';
UPDATE interactions SET direction = 'internal' WHERE trunk IS NULL;
UPDATE interactions SET direction = 'outbound' WHERE id IN
    (SELECT interaction_id FROM tags WHERE name = 'direction' AND value = 'outbound');
UPDATE interactions SET agent_id = (SELECT MIN(l.agent_id) FROM legs l WHERE l.interaction_id = interactions.id)
    WHERE direction = 'outbound' AND agent_id IS NULL;
