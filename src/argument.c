/*-------------------------------------------------------------------------
 *
 * argument.c
 *	  What the functions that SQL calls are given, and what they refuse.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "argument.h"

/*
 * Refuse an argument that is null.
 */
void
cc_argument_require(FunctionCallInfo fcinfo, int i, const char *name)
{
	if (PG_ARGISNULL(i))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" of function \"%s\" must not be null",
						name, get_func_name(fcinfo->flinfo->fn_oid))));
}

/*
 * Open the table that the first argument names, and lock it.  It must have the
 * column attached, or any if that is NULL; says by which trigger.  The caller
 * closes it.
 */
Relation
cc_argument_table(FunctionCallInfo fcinfo, LOCKMODE lockmode, const char *column,
				  Attachment *attachment)
{
	Oid			relid = PG_GETARG_OID(0);
	Relation	rel = try_relation_open(relid, lockmode);

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
	if (!cc_attachment_find(rel, cc_attachment_function(fcinfo), column, attachment))
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

/*
 * In PG_CATCH(): raise the error that a type raised of an argument, as one that
 * names the argument.  Errors that are not the argument's go on as they are.
 * The current memory context is the caller's again.
 */
void
cc_argument_refuse(FunctionCallInfo fcinfo, const char *name, const char *hint)
{
	ErrorData  *error = CopyErrorData();
	int			category = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	if (category != ERRCODE_DATA_EXCEPTION &&
		category != ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION &&
		category != ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION)
		PG_RE_THROW();
	FlushErrorState();
	ereport(ERROR,
			(errcode(error->sqlerrcode),
			 errmsg("invalid argument \"%s\" of function \"%s\": %s",
					name, get_func_name(fcinfo->flinfo->fn_oid), error->message),
			 errhint("%s", hint)));
}

/* Read a version's text. */
static Datum
parse_version(FunctionCallInfo fcinfo, char *literal, Oid typid)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			function;
	Oid			typioparam;
	Datum		version = (Datum) 0;

	getTypeInputInfo(typid, &function, &typioparam);
	PG_TRY();
	{
		version = OidInputFunctionCall(function, literal, typioparam, -1);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		cc_argument_refuse(fcinfo, "version",
						   psprintf(_("Give it as the row has it, of type %s."),
									format_type_be(typid)));
	}
	PG_END_TRY();
	return version;
}

/*
 * Read an argument "version", a value of whatever type, as one of the column's.
 *
 * By way of its text, so that what does not fit is refused by the type; by its
 * base type, as a domain's constraints are the table owner's code.
 */
VersionValue
cc_argument_version(FunctionCallInfo fcinfo, int i, const VersionColumn *column)
{
	VersionValue version = {0, PG_ARGISNULL(i)};
	Oid			typid = get_fn_expr_argtype(fcinfo->flinfo, i);
	Oid			output;
	bool		is_varlena;

	if (version.isnull)
		return version;
	version.datum = PG_GETARG_DATUM(i);
	if (getBaseType(typid) == column->kind->typid)
		return version;

	getTypeOutputInfo(typid, &output, &is_varlena);
	version.datum = parse_version(fcinfo,
								  OidOutputFunctionCall(output, version.datum),
								  column->kind->typid);
	return version;
}
