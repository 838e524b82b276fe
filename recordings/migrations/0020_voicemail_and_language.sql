-- What a recording holds: a talk, or a message that a customer left. Which language a customer wants.
ALTER TABLE recordings ADD COLUMN kind TEXT NOT NULL DEFAULT 'talk';
ALTER TABLE customers ADD COLUMN language TEXT;
