-- How a company ranks a customer, in its own words, such as gold; flows read it.
ALTER TABLE customers ADD COLUMN tier TEXT;
