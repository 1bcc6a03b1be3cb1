\ir ../psycopg/schema.sql
SELECT concurrency.attach('doc', guard_delete => true);
