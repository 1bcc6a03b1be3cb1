CREATE EXTENSION concurrency;
CREATE TABLE docs (
	id bigserial PRIMARY KEY, title text NOT NULL DEFAULT 'draft', body text,
	updated_at timestamp NOT NULL DEFAULT now(), lock_version integer NOT NULL DEFAULT 0);
SELECT concurrency.attach('docs', 'lock_version');

-- A column without a DEFAULT: the trigger fills it, or it stays null.
CREATE TABLE pages (id bigserial PRIMARY KEY, body text, lock_version integer);
CREATE TABLE notes (id bigserial PRIMARY KEY, body text, lock_version integer);
SELECT concurrency.attach('pages', 'lock_version');
SELECT concurrency.attach('notes', 'lock_version', stamp_insert => false);
ALTER TABLE notes ALTER lock_version DROP DEFAULT;

-- A counter cache: see post.rb.
CREATE TABLE posts (
	id bigserial PRIMARY KEY, body text, comments_count integer NOT NULL DEFAULT 0,
	updated_at timestamp NOT NULL DEFAULT now(), lock_version integer NOT NULL DEFAULT 0);
CREATE TABLE comments (id bigserial PRIMARY KEY, post_id bigint NOT NULL REFERENCES posts, body text);
SELECT concurrency.attach('posts', 'lock_version', ignore => 'comments_count,updated_at');
