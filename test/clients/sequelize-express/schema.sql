\ir ../sequelize/schema.sql
