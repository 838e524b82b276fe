-- Who left a queue since a moment, and who is still there: the queue's last hour on the floor.
CREATE INDEX queue_entries_by_end ON queue_entries (queue_id, left_at);
