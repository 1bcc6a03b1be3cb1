-- Section 11, audit: a version column that is something else, too; what can be told when it is attached is.
\getenv abs_srcdir PG_ABS_SRCDIR
\set mending :abs_srcdir '/test/mending.sql'
\i :mending

-- a version that rows are placed by: as a column, in an expression, further down
CREATE TABLE keyed (id int, version int NOT NULL) PARTITION BY LIST (version);
CREATE TABLE keyed_expr (id int, version int NOT NULL) PARTITION BY LIST ((version % 2));
CREATE TABLE keyed_below (id int, version int NOT NULL) PARTITION BY LIST (id);
CREATE TABLE keyed_below_1 (version int NOT NULL, id int) PARTITION BY LIST (version);
ALTER TABLE keyed_below ATTACH PARTITION keyed_below_1 DEFAULT;
SELECT concurrency.attach('keyed'), concurrency.attach('keyed_expr'), concurrency.attach('keyed_below');
:audit
SELECT mend();
DROP TABLE keyed, keyed_expr, keyed_below;

-- a version by which rows refer to others, or are referred to
CREATE TABLE target (id int, version int NOT NULL, UNIQUE (id, version));
CREATE TABLE refers (id int, version int NOT NULL);
SELECT concurrency.attach('target'), concurrency.attach('refers');
ALTER TABLE refers ADD CONSTRAINT refers_to FOREIGN KEY (id, version) REFERENCES target (id, version);
:audit
SELECT mend();
DROP TABLE refers, target;
-- ... in a partition alone, or in an inheritance child, which has a trigger of its own
CREATE TABLE target (id int, version int NOT NULL) PARTITION BY LIST (id);
CREATE TABLE target_1 (version int NOT NULL UNIQUE, id int);
ALTER TABLE target ATTACH PARTITION target_1 DEFAULT;
CREATE TABLE mother (id int, version int NOT NULL);
CREATE TABLE daughter (UNIQUE (version)) INHERITS (mother);
SELECT concurrency.attach('target'), concurrency.attach('mother');
CREATE TABLE refers (v int CONSTRAINT refers_to_target REFERENCES target_1 (version) CONSTRAINT refers_to_daughter REFERENCES daughter (version));
ALTER TABLE daughter ADD CONSTRAINT refers_too FOREIGN KEY (version) REFERENCES target_1 (version);
CREATE TABLE follows (v int REFERENCES target_1 (version) ON UPDATE CASCADE);
:audit
SELECT mend();
DROP TABLE refers, follows, mother, daughter, target;
-- ... in a partition that is attached without its parent, which has the key
CREATE TABLE target (version int PRIMARY KEY);
CREATE TABLE refers (id int, version int NOT NULL) PARTITION BY LIST (id);
CREATE TABLE refers_1 PARTITION OF refers DEFAULT;
SELECT concurrency.attach('refers_1');
ALTER TABLE refers ADD CONSTRAINT refers_to FOREIGN KEY (version) REFERENCES target;
:audit
SELECT mend();
DROP TABLE refers, target;


-- what attach refuses, added afterwards: a primary key, an identity
CREATE TABLE keyed (id int, version int NOT NULL);
CREATE TABLE identity (id int, version int NOT NULL);
SELECT concurrency.attach('keyed'), concurrency.attach('identity');
ALTER TABLE keyed ADD PRIMARY KEY (id, version);
ALTER TABLE identity ALTER version ADD GENERATED ALWAYS AS IDENTITY;
:audit
SELECT mend();
DROP TABLE keyed, identity;
-- what it warns of: a unique index, for whose columns a change takes the stronger lock; not a partial one, or one with
-- an expression, or that only includes it
CREATE TABLE indexed (id int PRIMARY KEY, body text, version int NOT NULL, UNIQUE (id, version)) PARTITION BY LIST (id);
CREATE TABLE indexed_1 PARTITION OF indexed DEFAULT;
CREATE UNIQUE INDEX partial ON indexed_1 (id, version) WHERE body <> '';
CREATE UNIQUE INDEX expression ON indexed_1 ((version + id));
CREATE UNIQUE INDEX includes ON indexed_1 (id) INCLUDE (version);
CREATE INDEX plain ON indexed_1 (id, version);
SELECT concurrency.attach('indexed');
:audit
CREATE UNIQUE INDEX own ON indexed_1 (version);
:audit
DROP TABLE indexed;
DROP VIEW ours;
DROP FUNCTION mend;
