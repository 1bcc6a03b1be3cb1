-- What the tests of the decision table share: they include this file.
\set ECHO none
-- Runs a command, and says what became of it; a blind write is refused first, and then let pass.
CREATE FUNCTION attempt(command text) RETURNS text LANGUAGE plpgsql SET concurrency.blind_writes = 'reject' AS $$
BEGIN
	EXECUTE command;
	RETURN 'accepted';
EXCEPTION
	WHEN SQLSTATE 'PT409' THEN
		RETURN 'conflict';
	WHEN invalid_parameter_value THEN
		RETURN 'future';
	WHEN SQLSTATE 'PT428' THEN
		SET LOCAL concurrency.blind_writes = 'allow';
		EXECUTE command;
		RETURN 'blind';
END
$$;
\set ECHO all
