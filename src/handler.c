/*-------------------------------------------------------------------------
 *
 * handler.c
 *	  Conflict handlers: functions by which a table's owner decides.
 *
 * A handler takes and returns rows of the table that the trigger was created
 * on.  The trigger knows it by name only, and a trigger's argument is no
 * dependency: somebody else may have put a function in its place.  So it is
 * looked at before every call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tupconvert.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "compat.h"
#include "handler.h"

/* Take a name apart, into schema and function.  NIL if it is not made so. */
static List *
split_name(const char *name)
{
	List	   *parts;
	List	   *names = NIL;
	ListCell   *lc;

	if (!SplitIdentifierString(pstrdup(name), '.', &parts) ||
		list_length(parts) != 2)
		return NIL;
	foreach(lc, parts)
		names = lappend(names, makeString(lfirst(lc)));
	return names;
}

/*
 * Look up the function f(row, row), whether or not the current user may.
 * InvalidOid if there is none.
 */
static Oid
look_up(List *names, Relation home)
{
	Oid			argtypes[] = {home->rd_rel->reltype, home->rd_rel->reltype};
	Oid			schema = LookupNamespaceNoError(strVal(linitial(names)));

	if (!OidIsValid(schema))
		return InvalidOid;
	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
						   CStringGetDatum(strVal(lsecond(names))),
						   PointerGetDatum(buildoidvector(argtypes, lengthof(argtypes))),
						   ObjectIdGetDatum(schema));
}

/* Find the function f(row, row), by its schema and name. */
static Oid
find_handler(const char *name, Relation home)
{
	Oid			rowtype = home->rd_rel->reltype;
	List	   *names = split_name(name);
	Oid			function;

	if (names == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("conflict handler \"%s\" of table \"%s\" is not named by schema and function",
						name, RelationGetRelationName(home)),
				 errhint("Write on_conflict=call=schema.function."),
				 errtable(home)));

	function = look_up(names, home);
	if (!OidIsValid(function))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("conflict handler %s(%s, %s) does not exist",
						name, format_type_be(rowtype), format_type_be(rowtype)),
				 errhint("It takes the current and the attempted row, and returns the one to store."),
				 errtable(home)));
	return function;
}

/* Refuse a function that is not the owner's handler for this table. */
static void
check_handler(const char *name, Oid function, Relation home)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc proc;
	bool		is_fitting;
	bool		is_owners;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	is_fitting = proc->prokind == PROKIND_FUNCTION && !proc->proretset &&
		proc->prorettype == home->rd_rel->reltype;
	is_owners = proc->proowner == home->rd_rel->relowner ||
		superuser_arg(proc->proowner);
	ReleaseSysCache(tuple);

	if (!is_fitting)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_FUNCTION_DEFINITION),
				 errmsg("conflict handler \"%s\" of table \"%s\" does not return one row of the table",
						name, RelationGetRelationName(home)),
				 errhint("Declare it as a function that returns %s.",
						 format_type_be(home->rd_rel->reltype)),
				 errtable(home)));
	if (!is_owners)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("conflict handler \"%s\" belongs neither to the owner of table \"%s\" nor to a superuser",
						name, RelationGetRelationName(home)),
				 errhint("Change the owner of the function, or name another one."),
				 errtable(home)));
}

/*
 * Does the handler take rows of this table?  One that is not named as it should
 * be does; cc_handler_check() says more.
 */
bool
cc_handler_fits(const char *name, Relation home)
{
	List	   *names = split_name(name);

	return names == NIL || OidIsValid(look_up(names, home));
}

/*
 * Raise the error, if any, for which a conflict could not be handled, whoever
 * writes.  Returns the function.
 */
Oid
cc_handler_check(const char *name, Relation home)
{
	Oid			function = find_handler(name, home);

	check_handler(name, function, home);
	return function;
}

/* Make a partition's row one of the table that the trigger was created on. */
static Datum
row_to_datum(HeapTuple row, TupleDesc from, TupleDesc to)
{
	TupleConversionMap *map = convert_tuples_by_name(from, to);

	return heap_copy_tuple_as_datum(map ? execute_attr_map_tuple(row, map) : row,
									to);
}

/* The other way round, into a tuple of its own. */
static HeapTuple
datum_to_row(Datum datum, TupleDesc from, TupleDesc to)
{
	TupleConversionMap *map = convert_tuples_by_name(from, to);
	HeapTupleHeader header = DatumGetHeapTupleHeader(datum);
	HeapTupleData row = {0};

	row.t_len = HeapTupleHeaderGetDatumLength(header);
	row.t_data = header;
	ItemPointerSetInvalid(&row.t_self);
	return map ? execute_attr_map_tuple(&row, map) : heap_copytuple(&row);
}

/* Call the function, which may be strict. */
static Datum
call_function(Oid function, NullableDatum current, NullableDatum attempted,
			  bool *isnull)
{
	LOCAL_FCINFO(fcinfo, 2);
	FmgrInfo	flinfo;
	Datum		result = (Datum) 0;

	InvokeFunctionExecuteHook(function);
	fmgr_info(function, &flinfo);
	InitFunctionCallInfoData(*fcinfo, &flinfo, 2, InvalidOid, NULL, NULL);
	fcinfo->args[0] = current;
	fcinfo->args[1] = attempted;
	fcinfo->isnull = flinfo.fn_strict && attempted.isnull;
	if (!fcinfo->isnull)
		result = FunctionCallInvoke(fcinfo);
	*isnull = fcinfo->isnull;
	return result;
}

/*
 * Ask the handler what to store in place of the attempt.  NULL: nothing.
 *
 * It runs with the writer's rights.  A DELETE attempts no row, which is NULL.
 * The result is in the current memory context, of the relation's own layout.
 */
HeapTuple
cc_handler_call(const char *name, Oid home, TriggerData *trigdata)
{
	Relation	homerel = table_open(home, AccessShareLock);
	TupleDesc	homedesc = RelationGetDescr(homerel);
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	Oid			function = cc_handler_check(name, homerel);
	NullableDatum current = {0, false};
	NullableDatum attempted = {0, true};
	Datum		result;
	bool		isnull;
	HeapTuple	row = NULL;

	function_execute_check_compat(function, GetUserId());
	current.value = row_to_datum(trigdata->tg_trigtuple, tupdesc, homedesc);
	if (trigdata->tg_newtuple)
	{
		attempted.value = row_to_datum(trigdata->tg_newtuple, tupdesc, homedesc);
		attempted.isnull = false;
	}

	result = call_function(function, current, attempted, &isnull);
	if (!isnull)
		row = datum_to_row(result, homedesc, tupdesc);

	table_close(homerel, AccessShareLock);
	return row;
}
