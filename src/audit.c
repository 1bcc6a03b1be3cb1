/*-------------------------------------------------------------------------
 *
 * audit.c
 *	  What audit(), which is SQL, asks of the C code: trigger_problem(),
 *	  column_default(), column_origin() and sql_name(); and
 *	  check_trigger_arguments(), for tools.
 *
 * Nothing here opens a table that is audited, waits for a lock, or runs code of
 * a table's owner.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "attachment.h"
#include "catalog.h"
#include "default.h"
#include "handler.h"
#include "options.h"
#include "policy.h"
#include "problem.h"
#include "tree.h"

PG_FUNCTION_INFO_V1(check_trigger_arguments);
PG_FUNCTION_INFO_V1(trigger_problem);
PG_FUNCTION_INFO_V1(column_default);
PG_FUNCTION_INFO_V1(column_origin);
PG_FUNCTION_INFO_V1(sql_name);

/*
 * check_trigger_arguments(table_name regclass, arguments text[]) RETURNS void
 *
 * Raise the error, if any, that a version trigger with these arguments would
 * raise at the table's next write or conflict.
 */
Datum
check_trigger_arguments(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	Relation	rel = cc_catalog_require(relid);
	TriggerOptions options;
	const char *handler;
	Datum	   *elements;
	char	  **args;
	int			nargs;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false,
					  TYPALIGN_INT, &elements, NULL, &nargs);
	args = palloc(nargs * sizeof(char *));
	for (int i = 0; i < nargs; i++)
		args[i] = TextDatumGetCString(elements[i]);

	cc_policy_check(rel, cc_attachment_function(fcinfo), nargs, args);
	options = cc_options_read(nargs, args, 0);
	handler = cc_options_handler(&options);
	if (handler)
		cc_handler_check(handler, rel);
	PG_RETURN_VOID();
}

/*
 * trigger_problem(trigger_oid oid, OUT problem text, OUT mend text)
 *
 * What one of our triggers, but no partition's clone, would refuse, and the SQL
 * that mends it.  Nulls if there is nothing, or no such trigger.
 */
Datum
trigger_problem(PG_FUNCTION_ARGS)
{
	Trigger		trigger;
	Oid			relid = cc_catalog_find_trigger(PG_GETARG_OID(0), &trigger);
	Relation	rel = NULL;
	char	   *problem = NULL;
	TupleDesc	tupdesc;
	Datum		values[2] = {0};
	bool		nulls[2] = {true, true};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (OidIsValid(relid) && !trigger.tgisclone &&
		trigger.tgfoid == cc_attachment_function(fcinfo))
		rel = cc_catalog_relation(relid);
	if (rel)
		problem = cc_problem_find(rel, &trigger);
	if (problem)
	{
		values[0] = CStringGetTextDatum(problem);
		values[1] = CStringGetTextDatum(cc_problem_mend(rel, &trigger));
		nulls[0] = nulls[1] = false;
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc),
													  values, nulls)));
}

/*
 * column_default(table_oid oid, column_name name, OUT is_there boolean,
 *				  OUT is_constant boolean)
 *
 * Has a column a default, or its domain, and has every row the same?
 */
Datum
column_default(PG_FUNCTION_ARGS)
{
	HeapTuple	tuple = SearchSysCacheAttName(PG_GETARG_OID(0),
											  NameStr(*PG_GETARG_NAME(1)));
	ColumnDefault found = {0};
	TupleDesc	tupdesc;
	Datum		values[2];
	bool		nulls[2] = {false, false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (HeapTupleIsValid(tuple))
	{
		found = cc_default_of((Form_pg_attribute) GETSTRUCT(tuple));
		ReleaseSysCache(tuple);
	}
	values[0] = BoolGetDatum(found.is_there);
	values[1] = BoolGetDatum(found.is_constant);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc),
													  values, nulls)));
}

/*
 * column_origin(table_oid oid, column_name name) RETURNS regclass
 *
 * The topmost table from which a column is inherited, or the table itself.
 */
Datum
column_origin(PG_FUNCTION_ARGS)
{
	PG_RETURN_OID(cc_tree_origin(PG_GETARG_OID(0), NameStr(*PG_GETARG_NAME(1))));
}

/*
 * sql_name(table_oid oid) RETURNS text
 *
 * A table's name with its schema, which is there, unlike in a regclass, where
 * the table is a temporary one, too.  NULL where there is no such table.
 */
Datum
sql_name(PG_FUNCTION_ARGS)
{
	Relation	rel = cc_catalog_relation(PG_GETARG_OID(0));

	if (rel == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(cc_catalog_table(rel)));
}
