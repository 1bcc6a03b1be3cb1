CREATE EXTENSION concurrency;
CREATE TABLE doc (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL DEFAULT 'draft', body text);
SELECT concurrency.attach('doc');
