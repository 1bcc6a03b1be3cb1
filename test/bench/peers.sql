-- The other ways to keep a version column.

CREATE FUNCTION empty_trigger() RETURNS trigger LANGUAGE c AS :'module';
CREATE FUNCTION walking_trigger() RETURNS trigger LANGUAGE c AS :'module';

-- the shape of the trigger that django-concurrency creates: it counts, and never refuses
CREATE FUNCTION counting_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		NEW.version = 1;
	ELSE
		NEW.version = OLD.version + 1;
	END IF;
	RETURN NEW;
END
$$;

-- ... and what it takes to refuse
CREATE FUNCTION checking_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.version IS DISTINCT FROM OLD.version AND NEW.version IS DISTINCT FROM OLD.version + 1 THEN
		RAISE EXCEPTION 'stale write to table "%"', TG_TABLE_NAME USING ERRCODE = 'PT409';
	END IF;
	NEW.version = OLD.version + 1;
	RETURN NEW;
END
$$;
