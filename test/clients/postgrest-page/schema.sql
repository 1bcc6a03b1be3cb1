\ir ../postgrest/schema.sql
