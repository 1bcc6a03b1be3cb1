CREATE EXTENSION concurrency;
CREATE TABLE doc (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL DEFAULT 'draft', body text);
SELECT concurrency.attach('doc', guard_delete => true);
