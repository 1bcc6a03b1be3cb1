-- Section 12, cursors: what is written for a row that was fetched is judged like every other write.
CREATE TABLE doc (id int PRIMARY KEY, n int DEFAULT 0);
SELECT concurrency.attach('doc', blind => 'reject');
INSERT INTO doc (id) VALUES (1), (2), (3);
\set VERBOSITY sqlstate
\set SHOW_CONTEXT never

-- SELECT FOR UPDATE, then write: the token that was read is current, as often as it is read again
BEGIN;
SELECT version FROM doc WHERE id = 1 FOR UPDATE \gset
UPDATE doc SET n = 1, version = :version WHERE id = 1;
SELECT version FROM doc WHERE id = 1 FOR UPDATE \gset
UPDATE doc SET n = 2, version = :version WHERE id = 1 RETURNING *;
SAVEPOINT s;
UPDATE doc SET n = 3, version = :version WHERE id = 1;
ROLLBACK TO s;
UPDATE doc SET n = 3 WHERE id = 1;
ROLLBACK TO s;
COMMIT;

-- WHERE CURRENT OF: with a token, without, with one that is stale
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM doc WHERE id > 1 ORDER BY id FOR UPDATE;
FETCH c;
UPDATE doc SET n = 1, version = 1 WHERE CURRENT OF c RETURNING *;
SAVEPOINT s;
UPDATE doc SET n = 2, version = 1 WHERE CURRENT OF c;
ROLLBACK TO s;
UPDATE doc SET n = 2 WHERE CURRENT OF c;
ROLLBACK TO s;
-- ... the row is still the cursor's, also after it was written
UPDATE doc SET n = 3, version = 3 WHERE CURRENT OF c RETURNING *;
FETCH c;
DELETE FROM doc WHERE CURRENT OF c RETURNING *;
COMMIT;
-- ... a cursor that does not lock
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM doc WHERE id = 1;
FETCH c;
UPDATE doc SET n = 4, version = 3 WHERE id = 1;
UPDATE doc SET n = 5, version = 3 WHERE CURRENT OF c;
ROLLBACK;

-- a cursor shows the rows as they were when it was opened: their versions are stale once one writes oneself
BEGIN;
DECLARE c INSENSITIVE CURSOR FOR SELECT id, version FROM doc ORDER BY id;
UPDATE doc SET n = 6, version = version WHERE id = 2;
FETCH ALL c;
UPDATE doc SET n = 7, version = 3 WHERE id = 2;
ROLLBACK;

-- a held cursor, beyond the transaction: its row cannot be CURRENT any more, its token is judged
BEGIN;
DECLARE held CURSOR WITH HOLD FOR SELECT * FROM doc ORDER BY id;
COMMIT;
UPDATE doc SET n = 8, version = 3 WHERE id = 1 RETURNING *;
FETCH held;
FETCH held \gset
UPDATE doc SET n = 9, version = 3 WHERE CURRENT OF held;
UPDATE doc SET n = 9, version = :version WHERE id = :id RETURNING *;
UPDATE doc SET n = 9, version = :version WHERE id = :id;
CLOSE held;

-- PL/pgSQL: a bound cursor, a refcursor and an implicit one, which writes each row twice with the version that it read once
CREATE FUNCTION add_to_all(with_token boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	bound CURSOR FOR SELECT * FROM doc ORDER BY id FOR UPDATE;
	r doc;
BEGIN
	FOR r IN bound LOOP
		IF with_token THEN
			UPDATE doc SET n = r.n + 10, version = r.version WHERE CURRENT OF bound;
		ELSE
			UPDATE doc SET n = r.n + 10 WHERE CURRENT OF bound;
		END IF;
	END LOOP;
END
$$;
SELECT add_to_all(true);
SELECT * FROM doc ORDER BY id;
SELECT add_to_all(false);

CREATE FUNCTION add_twice() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	c refcursor;
	r doc;
BEGIN
	OPEN c FOR SELECT * FROM doc WHERE id = 1 FOR NO KEY UPDATE;
	FETCH c INTO r;
	UPDATE doc SET n = n + 100, version = r.version WHERE CURRENT OF c;
	UPDATE doc SET n = n + 100, version = r.version WHERE CURRENT OF c;
END
$$;
SELECT add_twice();

CREATE FUNCTION add_by_key() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	r record;
BEGIN
	FOR r IN SELECT a.id, a.version FROM doc a, generate_series(1, 2) i ORDER BY a.id LOOP
		UPDATE doc SET n = n + 1000, version = r.version WHERE id = r.id;
	END LOOP;
END
$$;
SELECT add_by_key();
SELECT * FROM doc ORDER BY id;

-- partitions, through a cursor on the parent
CREATE TABLE part (id int PRIMARY KEY, n int, version int) PARTITION BY LIST (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_2 (version int, n int, id int NOT NULL);
ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES IN (2);
SELECT concurrency.attach('part', blind => 'reject');
INSERT INTO part VALUES (1, 0, 7), (2, 0, 7);
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM part ORDER BY id FOR UPDATE;
FETCH 2 FROM c;
SAVEPOINT s;
UPDATE part SET n = 1, version = 6 WHERE CURRENT OF c;
ROLLBACK TO s;
UPDATE part SET n = 1 WHERE CURRENT OF c;
ROLLBACK TO s;
UPDATE part SET n = 1, version = 7 WHERE CURRENT OF c RETURNING tableoid::regclass, *;
COMMIT;

DROP TABLE doc, part;
DROP FUNCTION add_to_all, add_twice, add_by_key;
