-- Section 12, savepoints, subtransactions and isolation levels, as far as one session shows them: a bump that is
-- rolled back was none, and what one has written oneself is judged like everything else.
CREATE TABLE doc (id int PRIMARY KEY, n int DEFAULT 0);
SELECT concurrency.attach('doc', blind => 'reject');
INSERT INTO doc VALUES (1), (2);
\set VERBOSITY sqlstate
\set SHOW_CONTEXT never

-- savepoints: the version goes back with the row, and the old token is good again
BEGIN;
UPDATE doc SET n = 1, version = 1 WHERE id = 1;
SAVEPOINT a;
UPDATE doc SET n = 2, version = 2 WHERE id = 1;
SAVEPOINT b;
UPDATE doc SET n = 3, version = 3 WHERE id = 1 RETURNING *;
ROLLBACK TO b;
UPDATE doc SET n = 4, version = 2 WHERE id = 1;
ROLLBACK TO b;
UPDATE doc SET n = 4, version = 3 WHERE id = 1 RETURNING *;
ROLLBACK TO a;
UPDATE doc SET n = 5, version = 4 WHERE id = 1;
ROLLBACK TO a;
UPDATE doc SET n = 5, version = 2 WHERE id = 1;
RELEASE a;
UPDATE doc SET n = 6, version = 2 WHERE id = 1;
ROLLBACK;
SELECT * FROM doc ORDER BY id;
-- ... a refused write without a savepoint fails the transaction
BEGIN;
UPDATE doc SET n = 7, version = 1 WHERE id = 1;
UPDATE doc SET n = 8, version = 1 WHERE id = 1;
UPDATE doc SET n = 9, version = 2 WHERE id = 1;
COMMIT;
SELECT * FROM doc ORDER BY id;

-- PL/pgSQL: EXCEPTION catches the refusal and goes on; what its block wrote is gone, and nothing else
CREATE FUNCTION save(token bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	current bigint;
BEGIN
	UPDATE doc SET n = n + 1, version = version WHERE id = 2;
	BEGIN
		UPDATE doc SET n = n + 10, version = version WHERE id = 2;
		UPDATE doc SET n = n + 100, version = token WHERE id = 1;
		RETURN 'saved';
	EXCEPTION WHEN SQLSTATE 'PT409' THEN
		SELECT version INTO current FROM doc WHERE id = 1;
		UPDATE doc SET n = n + 1000, version = current WHERE id = 1;
		RETURN format('%s instead of %s', current, token);
	END;
END
$$;
SELECT save(1);
SELECT * FROM doc ORDER BY id;
SELECT save(1);
SELECT * FROM doc ORDER BY id;
SELECT save(3);
-- ... in the middle of one statement over many rows, each row in a subtransaction of its own
CREATE FUNCTION try(doc, token bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	UPDATE doc SET n = -1, version = token WHERE id = $1.id;
	RETURN true;
EXCEPTION WHEN SQLSTATE 'PT409' OR SQLSTATE 'PT428' THEN
	RETURN false;
END
$$;
SELECT id, version, try(doc, 3) FROM doc ORDER BY id;
SELECT * FROM doc ORDER BY id;

-- a cursor across savepoints: it stands still, the row's version goes back
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM doc WHERE id = 1 FOR UPDATE;
SAVEPOINT a;
FETCH c;
UPDATE doc SET n = 10, version = 4 WHERE CURRENT OF c RETURNING *;
ROLLBACK TO a;
UPDATE doc SET n = 11, version = 3 WHERE CURRENT OF c;
ROLLBACK TO a;
UPDATE doc SET n = 11, version = 4 WHERE CURRENT OF c RETURNING *;
ROLLBACK;
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM doc ORDER BY id;
FETCH c;
SAVEPOINT a;
UPDATE doc SET n = 10, version = 4 WHERE id = 1;
ROLLBACK TO a;
UPDATE doc SET n = 11, version = 4 WHERE CURRENT OF c RETURNING *;
FETCH c;
UPDATE doc SET n = 11, version = 5 WHERE CURRENT OF c RETURNING *;
ROLLBACK;

-- every level: own writes are seen, and one's own old token is stale
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT version FROM doc WHERE id = 1;
UPDATE doc SET n = 12, version = 4 WHERE id = 1 RETURNING version;
UPDATE doc SET n = 13, version = 5 WHERE id = 1 RETURNING version;
SAVEPOINT a;
UPDATE doc SET n = 14, version = 4 WHERE id = 1;
ROLLBACK TO a;
UPDATE doc SET n = 14 WHERE id = 1;
ROLLBACK TO a;
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT version FROM doc WHERE id = 1;
UPDATE doc SET n = 15, version = 6 WHERE id = 1 RETURNING version;
SAVEPOINT a;
UPDATE doc SET n = 16, version = 6 WHERE id = 1;
ROLLBACK TO a;
UPDATE doc SET n = 16, version = 8 WHERE id = 1 RETURNING version;
COMMIT;
BEGIN READ ONLY;
UPDATE doc SET n = 17, version = 8 WHERE id = 1;
ROLLBACK;
SELECT * FROM doc ORDER BY id;

-- procedures that commit on the way
CREATE PROCEDURE save_both(token bigint) LANGUAGE plpgsql AS $$
BEGIN
	UPDATE doc SET n = n + 1, version = token WHERE id = 1;
	COMMIT;
	UPDATE doc SET n = n + 1, version = token WHERE id = 2;
	ROLLBACK;
	UPDATE doc SET n = n + 1, version = token WHERE id = 2;
END
$$;
TRUNCATE doc;
INSERT INTO doc VALUES (1, 0, 8), (2, 0, 8);
CALL save_both(8);
SELECT * FROM doc ORDER BY id;
CALL save_both(8);
SELECT * FROM doc ORDER BY id;

DROP FUNCTION save, try;
DROP PROCEDURE save_both;
DROP TABLE doc;
