CREATE EXTENSION concurrency;
CREATE TABLE article (id bigint PRIMARY KEY, title text NOT NULL, body text NOT NULL);
INSERT INTO article VALUES (1, 'Opening hours', 'Monday to Friday, 9 to 17');
SELECT concurrency.attach('article', edits => 'refuse');
