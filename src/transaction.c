/*-------------------------------------------------------------------------
 *
 * transaction.c
 *	  What a transaction may say of its own writes, in SQL: skip_check(),
 *	  skip_bump() and expect().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "compat.h"
#include "session.h"
#include "version.h"
#include "writer.h"

PG_FUNCTION_INFO_V1(skip_check);
PG_FUNCTION_INFO_V1(skip_bump);
PG_FUNCTION_INFO_V1(expect);

/* Refuse an argument that is null. */
static void
require_argument(FunctionCallInfo fcinfo, int i, const char *name)
{
	if (PG_ARGISNULL(i))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" of function \"%s\" must not be null",
						name, get_func_name(fcinfo->flinfo->fn_oid))));
}

/*
 * Does a version trigger keep this column, or any if it is NULL?  Ours stands
 * in the schema of the function that is being called.  No catalog is looked at
 * in the loop: that could take the triggers away.
 */
static bool
is_attached(FunctionCallInfo fcinfo, Relation rel, const char *column)
{
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	Oid			ours = LookupFuncName(list_make2(makeString(get_namespace_name(schema)),
												 makeString("version_trigger")),
									  0, NULL, false);
	int			ntriggers = rel->trigdesc ? rel->trigdesc->numtriggers : 0;

	for (int i = 0; i < ntriggers; i++)
	{
		Trigger    *trigger = &rel->trigdesc->triggers[i];

		if (trigger->tgfoid == ours && trigger->tgnargs > 0 &&
			(column == NULL || strcmp(trigger->tgargs[0], column) == 0))
			return true;
	}
	return false;
}

/* Open the table that is spoken of; it must have what is spoken of. */
static Relation
open_attached_table(FunctionCallInfo fcinfo, Oid relid, const char *column)
{
	Relation	rel = try_relation_open(relid, AccessShareLock);

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u does not exist", relid)));
	if (rel->rd_rel->relkind != RELKIND_RELATION &&
		rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE &&
		rel->rd_rel->relkind != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table", RelationGetRelationName(rel)),
				 errhint("Name the table that is attached.")));
	if (!is_attached(fcinfo, rel, column) ||
		(column && SPI_fnumber(RelationGetDescr(rel), column) <= 0))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 column ?
				 errmsg("table \"%s\" has no attached column \"%s\"",
						RelationGetRelationName(rel), column) :
				 errmsg("table \"%s\" has no attached column",
						RelationGetRelationName(rel)),
				 errhint("Attach one with concurrency.attach()."),
				 errtable(rel)));
	return rel;
}

/* Turn a switch on or off, for those who may disable the trigger as well. */
static void
turn_switch(FunctionCallInfo fcinfo, SessionTopic topic)
{
	SessionNote note = {.topic = topic,.version.isnull = true};

	require_argument(fcinfo, 1, "enabled");
	note.roleid = GetUserId();
	note.is_on = PG_GETARG_BOOL(1);
	if (!PG_ARGISNULL(0))
	{
		Relation	rel = open_attached_table(fcinfo, PG_GETARG_OID(0), NULL);

		if (!cc_writer_owns(note.roleid, rel))
			aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE,
						   RelationGetRelationName(rel));
		note.relid = RelationGetRelid(rel);
		relation_close(rel, AccessShareLock);
	}
	cc_session_tell(&note, true, 0);
}

/*
 * skip_check("table" regclass, enabled boolean) RETURNS void
 *
 * Until the end of the transaction, conflicts and blind writes are not looked
 * at.
 */
Datum
skip_check(PG_FUNCTION_ARGS)
{
	turn_switch(fcinfo, SESSION_SKIP_CHECK);
	PG_RETURN_VOID();
}

/*
 * skip_bump("table" regclass, enabled boolean) RETURNS void
 *
 * Until the end of the transaction, rows keep the version that they have.
 */
Datum
skip_bump(PG_FUNCTION_ARGS)
{
	turn_switch(fcinfo, SESSION_SKIP_BUMP);
	PG_RETURN_VOID();
}

/*
 * Read a version, given as a value of whatever type, as one of the column's.
 * By way of its text, so that what does not fit is refused by the type; by its
 * base type, as a domain's constraints are the table owner's code.
 */
static VersionValue
parse_version(FunctionCallInfo fcinfo, Oid typid, int32 typmod)
{
	VersionValue version = {0, false};
	Oid			function;
	Oid			typioparam;
	bool		is_varlena;
	char	   *literal;
	Oid			argtype = get_fn_expr_argtype(fcinfo->flinfo, 1);

	typid = getBaseTypeAndTypmod(typid, &typmod);
	if (getBaseType(argtype) == typid)
	{
		version.datum = PG_GETARG_DATUM(1);
		return version;
	}
	getTypeOutputInfo(argtype, &function, &is_varlena);
	literal = OidOutputFunctionCall(function, PG_GETARG_DATUM(1));

	getTypeInputInfo(typid, &function, &typioparam);
	version.datum = OidInputFunctionCall(function, literal, typioparam, typmod);
	return version;
}

/*
 * expect("table" regclass, version anycompatible, "column" name) RETURNS void
 *
 * Until the end of the transaction, every row of the table that the current
 * user's UPDATE or DELETE touches must be at this version.  NULL ends it.
 */
Datum
expect(PG_FUNCTION_ARGS)
{
	SessionNote note = {.topic = SESSION_EXPECT,.version.isnull = true};
	Relation	rel;
	Form_pg_attribute att;

	require_argument(fcinfo, 0, "table");
	require_argument(fcinfo, 2, "column");
	namestrcpy(&note.column, NameStr(*PG_GETARG_NAME(2)));
	rel = open_attached_table(fcinfo, PG_GETARG_OID(0), NameStr(note.column));
	att = TupleDescAttr(RelationGetDescr(rel),
						SPI_fnumber(RelationGetDescr(rel), NameStr(note.column)) - 1);

	note.relid = RelationGetRelid(rel);
	note.roleid = GetUserId();
	note.typid = getBaseType(att->atttypid);
	note.is_on = !PG_ARGISNULL(1);
	if (note.is_on)
		note.version = parse_version(fcinfo, att->atttypid, att->atttypmod);
	cc_session_tell(&note, att->attbyval, att->attlen);

	relation_close(rel, AccessShareLock);
	PG_RETURN_VOID();
}
