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
SELECT concurrency.column_default('doc_pkey', 'id'), concurrency.column_default('doc', 'xmin'), concurrency.column_default('doc', 'gone'), concurrency.column_default('pg_class', 'oid');
SELECT concurrency.is_current('doc_pkey', '1', 1);

-- what is null
SELECT * FROM concurrency.version_kinds(NULL) LIMIT 1;
SELECT concurrency.check_trigger_arguments(NULL, '{version}'), concurrency.check_trigger_arguments('doc', NULL);
SELECT concurrency.check_trigger_arguments('doc', '{NULL}');
SELECT concurrency.check_trigger_arguments('doc', '{version,NULL}');
SELECT concurrency.column_default(NULL, 'id'), concurrency.column_default('doc', NULL), concurrency.is_own_transaction(NULL);
SELECT concurrency.is_own_transaction(x) FROM unnest('{0,1,2,3,4294967295}'::xid[]) AS x;
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
SELECT concurrency.check_trigger_arguments('doc', '{version,"watch=\"\""}');
SELECT concurrency.check_trigger_arguments('doc', array['version', 'blind=' || repeat(E'\n\\"', 100000)]);
SELECT concurrency.check_trigger_arguments('doc', array[repeat('v', 100000)]);

DROP TABLE doc;
