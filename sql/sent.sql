-- Section 2, "sent": the SET list names the column, or an earlier trigger changed it.
CREATE TABLE doc (id int PRIMARY KEY, body text, version int);
SELECT concurrency.attach('doc', blind => 'reject');
INSERT INTO doc VALUES (1, 'a', 5);
\set VERBOSITY sqlstate

-- named with its own value, it was sent; not named, it was not
UPDATE doc SET body = 'b', version = 5;
UPDATE doc SET body = 'c';
UPDATE doc SET (body, version) = ('c', 6);
UPDATE doc SET (body, version) = (SELECT 'd', 7);
UPDATE doc SET version = DEFAULT;
UPDATE doc SET version = d.version FROM (SELECT 8 AS version) d;
PREPARE save (text, int) AS UPDATE doc SET body = $1, version = $2;
EXECUTE save('e', 9);
EXECUTE save('f', 9);
TABLE doc;

-- an earlier BEFORE trigger that changes it sends it
CREATE FUNCTION set_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.version := OLD.version + TG_ARGV[0]::int;
	RETURN NEW;
END
$$;
CREATE TRIGGER a BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION set_version(1);
UPDATE doc SET body = 'g' RETURNING *;
-- ... also where it hides the client's token, which is why attach looks for such triggers
UPDATE doc SET body = 'h', version = 3 RETURNING *;
CREATE OR REPLACE TRIGGER a BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION set_version(2);
UPDATE doc SET body = 'i';
-- ... one that leaves it as it was sends nothing
CREATE OR REPLACE TRIGGER a BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION set_version(0);
UPDATE doc SET body = 'j';
TABLE doc;

DROP TABLE doc;
DROP FUNCTION set_version;
