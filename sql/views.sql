-- Section 12, views: what is written through a view or a rule is checked at the table behind it.
CREATE TABLE doc (id int PRIMARY KEY, body text, secret boolean DEFAULT false);
SELECT concurrency.attach('doc', blind => 'reject');
INSERT INTO doc VALUES (1, 'a'), (2, 'b');
\set VERBOSITY sqlstate
\set SHOW_CONTEXT never

-- exposed, under another name, and hidden, where every write is blind
CREATE VIEW exposed AS SELECT * FROM doc;
CREATE VIEW renamed AS SELECT version AS etag, body AS version, id FROM doc;
CREATE VIEW hidden AS SELECT id, body FROM doc;
UPDATE exposed SET body = 'A', version = 1 WHERE id = 1 RETURNING *;
UPDATE exposed SET body = 'A', version = 1 WHERE id = 1;
UPDATE exposed SET body = 'A' WHERE id = 1;
UPDATE renamed SET version = 'B', etag = 2 WHERE id = 1 RETURNING *;
UPDATE renamed SET version = 'B', etag = 2 WHERE id = 1;
UPDATE renamed SET version = 'B' WHERE id = 1;
UPDATE hidden SET body = 'C' WHERE id = 1;
INSERT INTO hidden VALUES (3, 'c');
INSERT INTO exposed VALUES (3, 'C', false, 1) ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body, version = EXCLUDED.version RETURNING *;
INSERT INTO exposed VALUES (3, 'C', false, 1) ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body, version = EXCLUDED.version;
INSERT INTO hidden VALUES (3, 'D') ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body;
-- ... a computed column is no version, and cannot be written
CREATE VIEW computed AS SELECT id, body, version + 0 AS version FROM doc;
UPDATE computed SET version = 3;

-- a view on a view; WITH CHECK OPTION sees the version as it is stored
CREATE VIEW young AS SELECT * FROM exposed WHERE version < 4 WITH CHECK OPTION;
UPDATE young SET body = 'D', version = 2 WHERE id = 1;
UPDATE young SET body = 'D' WHERE id = 2;
UPDATE young SET body = 'E', version = 1 WHERE id = 2 RETURNING *;
UPDATE young SET body = 'F', version = 3 WHERE id = 1;
INSERT INTO young VALUES (4, 'd', false, NULL) RETURNING *;
INSERT INTO young VALUES (5, 'd', false, 4);
SELECT * FROM doc ORDER BY id;

-- security barriers and invoker's rights, for somebody who may only use the views
CREATE VIEW barrier WITH (security_barrier) AS SELECT * FROM doc WHERE NOT secret;
CREATE VIEW invoker WITH (security_invoker, security_barrier) AS SELECT * FROM doc WHERE NOT secret;
CREATE ROLE regress_views;
GRANT SELECT, INSERT, UPDATE ON barrier, invoker TO regress_views;
SET ROLE regress_views;
UPDATE barrier SET body = 'G', version = 2 WHERE id = 2 RETURNING *;
UPDATE barrier SET body = 'H' WHERE id = 2;
UPDATE invoker SET body = 'H', version = 3 WHERE id = 2;
-- ... a conflict tells no values of a table that one may not read
\set VERBOSITY default
UPDATE barrier SET body = 'H', version = 2 WHERE id = 2;
\set VERBOSITY sqlstate
RESET ROLE;
GRANT SELECT, UPDATE ON doc TO regress_views;
SET ROLE regress_views;
UPDATE invoker SET body = 'H', version = 2 WHERE id = 2;
UPDATE invoker SET body = 'H', version = 3 WHERE id = 2 RETURNING *;
RESET ROLE;

-- MERGE into a view (17 and later)
DO $$
DECLARE
	command text := 'MERGE INTO renamed USING (VALUES (4, %s), (6, 40)) c (id, token) ON renamed.id = c.id
		WHEN MATCHED THEN UPDATE SET version = ''merged'', etag = token
		WHEN NOT MATCHED THEN INSERT (id, etag) VALUES (c.id, token)';
BEGIN
	IF current_setting('server_version_num')::int >= 170000 THEN
		EXECUTE format(command, 1);
		ASSERT (SELECT (body, version) = ('merged', 2) FROM doc WHERE id = 4) AND (SELECT version = 40 FROM doc WHERE id = 6);
		DELETE FROM doc WHERE id = 6;
		BEGIN
			EXECUTE format(command, 1);
			ASSERT false, 'a stale write was accepted';
		EXCEPTION WHEN SQLSTATE 'PT409' THEN
			NULL;
		END;
	END IF;
	DELETE FROM doc WHERE id IN (4, 6);
END
$$;

-- rules on a view: a rule that names the version sends OLD's where the writer sends none, which is no token
CREATE VIEW ruled AS SELECT * FROM doc;
CREATE RULE save AS ON UPDATE TO ruled DO INSTEAD
	UPDATE doc SET body = NEW.body, version = NEW.version WHERE id = OLD.id RETURNING *;
UPDATE ruled SET body = 'I', version = 4 WHERE id = 2 RETURNING *;
UPDATE ruled SET body = 'J', version = 4 WHERE id = 2;
UPDATE ruled SET body = 'J' WHERE id = 2 RETURNING *;
-- ... one that does not is blind, whatever the writer sends
CREATE OR REPLACE RULE save AS ON UPDATE TO ruled DO INSTEAD
	UPDATE doc SET body = NEW.body WHERE id = OLD.id RETURNING *;
UPDATE ruled SET body = 'K', version = 6 WHERE id = 2;

-- rules on the table: what they write is checked; DO ALSO sees the version that was sent, not the one that is stored
CREATE TABLE log (id int, body text, version int);
SELECT concurrency.attach('log', blind => 'reject');
INSERT INTO log VALUES (2, 'first', 1);
CREATE RULE also AS ON UPDATE TO doc DO ALSO INSERT INTO log VALUES (NEW.id, NEW.body, NEW.version);
UPDATE doc SET body = 'K', version = 6 WHERE id = 2;
SELECT log.*, doc.version AS stored FROM log JOIN doc USING (id) ORDER BY log.version;
CREATE OR REPLACE RULE also AS ON UPDATE TO doc DO ALSO UPDATE log SET body = NEW.body WHERE id = NEW.id;
UPDATE doc SET body = 'L', version = 7 WHERE id = 2;
CREATE OR REPLACE RULE also AS ON UPDATE TO doc DO ALSO UPDATE log SET body = NEW.body, version = 2 WHERE version = 1;
UPDATE doc SET body = 'L', version = 7 WHERE id = 2;
UPDATE doc SET body = 'L', version = 7 WHERE id = 2;
SELECT * FROM log ORDER BY version;
DROP RULE also ON doc;

-- INSTEAD OF triggers: NEW has OLD's version where the writer sends none
CREATE VIEW instead AS SELECT id, body, version FROM doc WHERE NOT secret;
CREATE FUNCTION write_behind() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO doc (id, body, version) VALUES (NEW.id, NEW.body, NEW.version) RETURNING version INTO NEW.version;
	ELSIF TG_ARGV[0] = 'blind' THEN
		UPDATE doc SET body = NEW.body WHERE id = OLD.id RETURNING version INTO NEW.version;
	ELSE
		UPDATE doc SET body = NEW.body, version = NEW.version WHERE id = OLD.id RETURNING version INTO NEW.version;
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER t INSTEAD OF INSERT OR UPDATE ON instead FOR EACH ROW EXECUTE FUNCTION write_behind('token');
INSERT INTO instead (id, body) VALUES (9, 'i') RETURNING *;
UPDATE instead SET body = 'I', version = 1 WHERE id = 9 RETURNING *;
UPDATE instead SET body = 'J', version = 1 WHERE id = 9;
UPDATE instead SET body = 'J' WHERE id = 9 RETURNING *;
-- ... which is a token if the row changes between reading and writing
CREATE FUNCTION meddle() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE doc SET body = 'meddled', version = version WHERE id = 9;
	RETURN 'K';
END
$$;
UPDATE instead SET body = meddle() WHERE id = 9;
DROP TRIGGER t ON instead;
CREATE TRIGGER t INSTEAD OF INSERT OR UPDATE ON instead FOR EACH ROW EXECUTE FUNCTION write_behind('blind');
UPDATE instead SET body = 'K', version = 3 WHERE id = 9;
SELECT * FROM doc ORDER BY id;

SET client_min_messages = warning;
DROP TABLE doc, log CASCADE;
DROP FUNCTION write_behind, meddle;
DROP ROLE regress_views;
