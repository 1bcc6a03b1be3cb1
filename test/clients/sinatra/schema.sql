\ir ../activerecord/schema.sql
