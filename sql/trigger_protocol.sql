-- Section 9: 39P01 for whatever is not a BEFORE ROW trigger for INSERT, UPDATE or DELETE.
CREATE TABLE doc (id int PRIMARY KEY, version int);
INSERT INTO doc VALUES (1, 1);
CREATE VIEW doc_view AS SELECT * FROM doc;

SELECT concurrency.version_trigger();

CREATE TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON doc
	FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
UPDATE doc SET id = 2;
\set VERBOSITY sqlstate
UPDATE doc SET id = 2;
INSERT INTO doc VALUES (2);
DELETE FROM doc;

CREATE OR REPLACE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON doc
	FOR EACH STATEMENT EXECUTE FUNCTION concurrency.version_trigger('version');
UPDATE doc SET id = 2;
INSERT INTO doc VALUES (2);
DELETE FROM doc;

CREATE OR REPLACE TRIGGER t AFTER UPDATE ON doc
	FOR EACH STATEMENT EXECUTE FUNCTION concurrency.version_trigger('version');
UPDATE doc SET id = 2;

CREATE OR REPLACE TRIGGER t BEFORE TRUNCATE ON doc
	FOR EACH STATEMENT EXECUTE FUNCTION concurrency.version_trigger('version');
TRUNCATE doc;
DROP TRIGGER t ON doc;

CREATE TRIGGER t INSTEAD OF INSERT OR UPDATE OR DELETE ON doc_view
	FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
UPDATE doc_view SET id = 2;
INSERT INTO doc_view VALUES (2);
DELETE FROM doc_view;

CREATE CONSTRAINT TRIGGER t AFTER UPDATE ON doc DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
UPDATE doc SET id = 2;
DROP TRIGGER t ON doc;

-- whatever was refused was not written
TABLE doc;

-- a DELETE that it is called for goes through
CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON doc
	FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
DELETE FROM doc RETURNING *;

DROP TABLE doc CASCADE;
