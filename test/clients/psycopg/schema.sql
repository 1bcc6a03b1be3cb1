CREATE EXTENSION concurrency;
CREATE TABLE doc (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text, body text, price numeric);
SELECT concurrency.attach('doc');
