-- The C functions behind the management functions can be called by anybody: nonsense is an error, and no crash
CREATE TABLE doc (id int PRIMARY KEY, body text);
SELECT concurrency.attach('doc');
INSERT INTO doc VALUES (1, 'a');
\set SHOW_CONTEXT never
\set VERBOSITY sqlstate

-- tables and types that are not there
SELECT * FROM concurrency.version_kinds(4000000000);
SELECT concurrency.check_trigger_arguments(4000000000, '{version}');
SELECT concurrency.column_default(4000000000, 'version');
SELECT concurrency.column_origin(4000000000, 'version');
SELECT count(*) FROM concurrency.version_triggers(4000000000);
SELECT concurrency.trigger_problem(4000000000);
SELECT * FROM concurrency.obstacles(4000000000, 'version');
SELECT concurrency.may_set_column(4000000000, 'version');
SELECT concurrency.attach(4000000000);
SELECT concurrency.detach(4000000000);
SELECT concurrency.rename_column(4000000000, 'version', 'rev');
SELECT concurrency.is_current(4000000000, '1', 1);
SELECT concurrency.assert_current(4000000000, '1', 1);
SELECT concurrency.skip_check(4000000000);
SELECT concurrency.skip_bump(4000000000);
SELECT concurrency.expect(4000000000, 1);

-- tables that are none
SELECT concurrency.check_trigger_arguments('doc_pkey', '{version}');
SELECT concurrency.check_trigger_arguments('pg_class', '{version}');
SELECT concurrency.skip_check('doc_pkey');
SELECT concurrency.skip_bump('concurrency.attachments');
SELECT concurrency.expect('doc_pkey', 1);
SELECT concurrency.column_default('doc_pkey'::regclass, 'id'), concurrency.column_default('doc'::regclass, 'xmin'), concurrency.column_default('doc'::regclass, 'gone'), concurrency.column_default('pg_class'::regclass, 'oid');
SELECT concurrency.column_origin('doc_pkey'::regclass, 'id'), concurrency.column_origin('doc'::regclass, 'gone');
CREATE TABLE ref (id int REFERENCES doc);
SELECT concurrency.trigger_problem(oid) FROM pg_trigger WHERE tgfoid <> 'concurrency.version_trigger'::regproc LIMIT 1;
SELECT concurrency.rename_column('doc_pkey', 'version', 'rev');
SELECT concurrency.is_current('doc_pkey', '1', 1);

-- what is null
SELECT * FROM concurrency.version_kinds(NULL) LIMIT 1;
SELECT concurrency.check_trigger_arguments(NULL, '{version}'), concurrency.check_trigger_arguments('doc', NULL);
SELECT concurrency.check_trigger_arguments('doc', '{NULL}');
SELECT concurrency.check_trigger_arguments('doc', '{version,NULL}');
SELECT concurrency.column_default(NULL, 'id'), concurrency.column_default('doc'::regclass, NULL), concurrency.column_origin(NULL, NULL), concurrency.trigger_problem(NULL), concurrency.may_set_column(NULL, NULL);
SELECT concurrency.attach(NULL);
SELECT concurrency.attach('doc', NULL);
SELECT concurrency.attach('doc', add_column => NULL);
SELECT concurrency.detach(NULL);
SELECT concurrency.detach('doc', NULL);
SELECT concurrency.rename_column(NULL, 'version', 'rev');
SELECT concurrency.rename_column('doc', NULL, 'rev');
SELECT concurrency.rename_column('doc', 'version', NULL);
SELECT concurrency.attach_new_columns();
SELECT concurrency.is_current(NULL, '1', 1);
SELECT concurrency.is_current('doc', NULL, 1);
SELECT concurrency.is_current('doc', '1', 1, NULL);
SELECT concurrency.assert_current('doc', NULL, 1);
SELECT concurrency.expect(NULL, 1);
SELECT concurrency.expect('doc', 1, NULL);
SELECT concurrency.skip_check('doc', NULL);

-- arguments of no length, in more than one dimension, and of any byte
SELECT concurrency.check_trigger_arguments('doc', '{}');
SELECT concurrency.check_trigger_arguments('doc', '{""}');
SELECT concurrency.check_trigger_arguments('doc', '{{version,blind=warn},{protocol=echo,kind=counter}}');
SELECT concurrency.check_trigger_arguments('doc', '[5:6]={version,blind=warn}');
SELECT concurrency.is_current('doc', key, NULL) FROM unnest('{1,[],{},[1],"[1, 2]",null,"\"\"",1e400,-0}'::jsonb[]) AS key LIMIT 1;
SELECT concurrency.is_current('doc', '1e400', 1);
SELECT concurrency.is_current('doc', '[]', 1);
SELECT concurrency.is_current('doc', '{}', 1);
SELECT concurrency.check_trigger_arguments('doc', '{version,=}');
SELECT concurrency.check_trigger_arguments('doc', '{version,on_conflict=call=public.nosuch}');
SELECT concurrency.check_trigger_arguments('doc', '{version,"watch=\"\""}');
SELECT concurrency.check_trigger_arguments('doc', array['version', 'blind=' || repeat(E'\n\\"', 100000)]);
SELECT concurrency.check_trigger_arguments('doc', array[repeat('v', 100000)]);

DROP TABLE ref, doc;
