\ir ../sqlalchemy/schema.sql
