CREATE EXTENSION concurrency;
CREATE TABLE docs (
	id bigserial PRIMARY KEY, title text NOT NULL DEFAULT 'draft', body text,
	updated_at timestamp NOT NULL DEFAULT now(), lock_version integer NOT NULL DEFAULT 0);
SELECT concurrency.attach('docs', 'lock_version');
