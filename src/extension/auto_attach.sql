--
-- Attach new columns of our domains by themselves.  The event trigger is no
-- member of the extension, so that pg_dump restores it after the triggers.
--
CREATE FUNCTION concurrency.attach_new_columns()
RETURNS event_trigger
LANGUAGE c
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.attach_new_columns() IS
'attaches every new column of type concurrency.version or concurrency.clock_version; auto_attach makes an event trigger of it';

CREATE FUNCTION concurrency.auto_attach(enabled boolean)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	is_on CONSTANT boolean := EXISTS (SELECT FROM pg_event_trigger WHERE evtname = 'concurrency_auto_attach');
BEGIN
	IF enabled IS NULL THEN
		RAISE EXCEPTION 'argument "enabled" of function "auto_attach" must not be null'
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF enabled AND is_on THEN
		ALTER EVENT TRIGGER concurrency_auto_attach ENABLE;
	ELSIF enabled THEN
		CREATE EVENT TRIGGER concurrency_auto_attach ON ddl_command_end
			EXECUTE FUNCTION concurrency.attach_new_columns();
		COMMENT ON EVENT TRIGGER concurrency_auto_attach IS
			'attaches new columns of the types concurrency.version and concurrency.clock_version';
	ELSIF is_on THEN
		DROP EVENT TRIGGER concurrency_auto_attach;
	END IF;
END
$$;

COMMENT ON FUNCTION concurrency.auto_attach(boolean) IS
'whether every new column of type concurrency.version or concurrency.clock_version is attached by itself; for superusers';

