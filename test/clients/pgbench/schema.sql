CREATE EXTENSION concurrency;
CREATE TABLE stock (id integer PRIMARY KEY, sold integer NOT NULL DEFAULT 0);
SELECT concurrency.attach('stock');
INSERT INTO stock SELECT generate_series(1, 4);
