-- The library refuses to work with SQL objects of a release that it does not know: nothing is written that nobody has checked
CREATE TABLE doc (id int PRIMARY KEY, body text);
SELECT concurrency.attach('doc');
INSERT INTO doc VALUES (1, 'draft');

-- as if ALTER EXTENSION ... UPDATE had run while this session has the library of before: it replaces functions
UPDATE pg_extension SET extversion = '99.9' WHERE extname = 'concurrency';
ALTER FUNCTION concurrency.version_trigger() COST 1;
INSERT INTO doc VALUES (2, 'new');
\set VERBOSITY sqlstate
UPDATE doc SET body = 'mine' WHERE id = 1;
DELETE FROM doc WHERE id = 1;		-- is not guarded
SELECT concurrency.attach('doc');
SELECT * FROM concurrency.attachments;
SELECT * FROM concurrency.version_kinds();
SELECT concurrency.expect('doc', 1);
SELECT concurrency.skip_check('doc');
SELECT concurrency.skip_bump('doc');
SELECT concurrency.check_trigger_arguments('doc', '{version}');
SELECT concurrency.column_types('doc', '{id}');
SELECT concurrency.raise_conflict('doc', 'version', 'zz_concurrency_version', 'Key (id)=(1)', '1', '2');
\set VERBOSITY default

-- what undoes it lets writes pass again, also by way of a savepoint
BEGIN;
UPDATE pg_extension SET extversion = '1.0' WHERE extname = 'concurrency';
ALTER FUNCTION concurrency.version_trigger() COST 1;
INSERT INTO doc VALUES (3, 'in between') RETURNING version;
ROLLBACK;
INSERT INTO doc VALUES (4, 'new');
UPDATE pg_extension SET extversion = '1.0' WHERE extname = 'concurrency';
ALTER FUNCTION concurrency.version_trigger() COST 1;
INSERT INTO doc VALUES (5, 'new') RETURNING version;

-- functions that are no extension's
BEGIN;
UPDATE pg_extension SET extname = 'another' WHERE extname = 'concurrency';
ALTER FUNCTION concurrency.version_trigger() COST 1;
UPDATE doc SET body = 'mine' WHERE id = 5;
ROLLBACK;
UPDATE doc SET body = 'mine' WHERE id = 5 RETURNING version;
DROP TABLE doc;
