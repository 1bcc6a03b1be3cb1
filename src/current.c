/*-------------------------------------------------------------------------
 *
 * current.c
 *	  Is a row, found by its primary key, still at the version that was read?
 *	  In SQL: is_current() and assert_current().
 *
 * Both are a SELECT of the caller's, with the caller's rights and no more:
 * policies, index predicates and the key types' own operators run as they would
 * there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_operator.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "tcop/pquery.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/portal.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "argument.h"
#include "attachment.h"
#include "conflict.h"
#include "key.h"
#include "policy.h"
#include "session.h"

PG_FUNCTION_INFO_V1(is_current);
PG_FUNCTION_INFO_V1(assert_current);

/* What is asked: a row of a table, by the values of its primary key. */
typedef struct Question
{
	Relation	rel;
	Relation	index;			/* of the primary key */
	int			nkeys;
	Oid			types[INDEX_MAX_KEYS];	/* of the values, no domains */
	Datum		values[INDEX_MAX_KEYS];
	Attachment	attachment;		/* the trigger that keeps the version */
	const char *column_name;
	VersionColumn column;
	VersionValue version;		/* that was read */
} Question;

/* The key's column. */
static Form_pg_attribute
key_column(const Question *question, int i)
{
	int			attnum = question->index->rd_index->indkey.values[i];

	return TupleDescAttr(RelationGetDescr(question->rel), attnum - 1);
}

/* Open the primary key's index; it must be one that finds what is equal. */
static void
open_key(Question *question)
{
	Relation	index = cc_key_open(question->rel);

	if (index == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("table \"%s\" has no primary key",
						RelationGetRelationName(question->rel)),
				 errhint("Add one, so that a row can be told from others."),
				 errtable(question->rel)));
	if (index->rd_rel->relam != BTREE_AM_OID)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("primary key of table \"%s\" is WITHOUT OVERLAPS",
						RelationGetRelationName(question->rel)),
				 errhint("Lock the row by SELECT ... FOR NO KEY UPDATE, and compare its version."),
				 errtable(question->rel)));

	question->index = index;
	question->nkeys = IndexRelationGetNumberOfKeyAttributes(index);
	for (int i = 0; i < question->nkeys; i++)
		question->types[i] = getBaseType(key_column(question, i)->atttypid);
}

/* Refuse a key that has other columns than the primary key, or a null. */
static void
refuse_key(const Question *question, Jsonb *key)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("key %s does not fit the primary key (%s) of table \"%s\"",
					JsonbToCString(NULL, &key->root, VARSIZE(key)),
					pg_get_indexdef_columns(RelationGetRelid(question->index), true),
					RelationGetRelationName(question->rel)),
			 errhint("Give a JSON object with a value for each column, or the bare value for a key of one column."),
			 errtable(question->rel)));
}

/* Make an object of a bare value, for a key of one column. */
static Datum
name_value(const Question *question, Jsonb *value)
{
	StringInfoData object;

	initStringInfo(&object);
	appendStringInfoChar(&object, '{');
	escape_json(&object, NameStr(key_column(question, 0)->attname));
	appendStringInfo(&object, ": %s}",
					 JsonbToCString(NULL, &value->root, VARSIZE(value)));
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(object.data));
}

/* Describe the row that a key is read into: base types, nothing cut or rounded. */
static TupleDesc
describe_key_row(const Question *question)
{
	TupleDesc	tupdesc = CreateTemplateTupleDesc(question->nkeys);

	for (int i = 0; i < question->nkeys; i++)
		TupleDescInitEntry(tupdesc, i + 1, NameStr(key_column(question, i)->attname),
						   question->types[i], -1, 0);
	return tupdesc;
}

/*
 * Call jsonb_to_record(), which is told by its caller's result info which row
 * to make.  Not by SQL: that would name the types, for which the caller of a
 * SELECT needs no right to their schema.
 */
static HeapTupleHeader
call_jsonb_to_record(Datum object, TupleDesc tupdesc)
{
	LOCAL_FCINFO(fcinfo, 1);
	FmgrInfo	flinfo;
	ReturnSetInfo rsinfo = {
		.type = T_ReturnSetInfo,
		.expectedDesc = tupdesc
	};

	fmgr_info(F_JSONB_TO_RECORD, &flinfo);
	InitFunctionCallInfoData(*fcinfo, &flinfo, 1, InvalidOid, NULL, (Node *) &rsinfo);
	fcinfo->args[0].value = object;
	fcinfo->args[0].isnull = false;
	return DatumGetHeapTupleHeader(FunctionCallInvoke(fcinfo));
}

/* Read the key's values from JSON, each as one of its column's base type. */
static void
read_key(FunctionCallInfo fcinfo, Question *question)
{
	MemoryContext context = CurrentMemoryContext;
	Jsonb	   *key = PG_GETARG_JSONB_P(1);
	int			ngiven = JB_ROOT_IS_OBJECT(key) ? JB_ROOT_COUNT(key) : 1;
	TupleDesc	tupdesc = describe_key_row(question);
	HeapTupleData row = {0};
	bool		isnull[INDEX_MAX_KEYS];

	if (ngiven != question->nkeys)
		refuse_key(question, key);
	PG_TRY();
	{
		row.t_data = call_jsonb_to_record(JB_ROOT_IS_OBJECT(key) ?
										  JsonbPGetDatum(key) :
										  name_value(question, key), tupdesc);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		cc_argument_refuse(fcinfo, "key",
						   _("Give a JSON object with a value for each column, or the bare value for a key of one column."));
	}
	PG_END_TRY();

	row.t_len = HeapTupleHeaderGetDatumLength(row.t_data);
	heap_deform_tuple(&row, tupdesc, question->values, isnull);
	for (int i = 0; i < question->nkeys; i++)
	{
		if (isnull[i])
			refuse_key(question, key);
	}
}

/* Write a cast to a type, with no length or precision. */
static char *
cast_to(Oid typid)
{
	return psprintf("::%s", format_type_extended(typid, -1,
												 FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY));
}

/*
 * Append the comparison of a key's column with its value, as the index does: by
 * its own operator, of its own type, unless the column's is that already.
 */
static void
append_comparison(StringInfo query, const Question *question, int i)
{
	Oid			opcintype = question->index->rd_opcintype[i];
	Oid			operator = get_opfamily_member(question->index->rd_opfamily[i],
											   opcintype, opcintype,
											   BTEqualStrategyNumber);
	Oid			typid = get_typtype(opcintype) == TYPTYPE_PSEUDO ?
	question->types[i] : opcintype;
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", operator);
	form = (Form_pg_operator) GETSTRUCT(tuple);

	appendStringInfo(query, "%s t.%s%s OPERATOR(%s.%s) $%d%s", i > 0 ? " AND" : "",
					 quote_identifier(NameStr(key_column(question, i)->attname)),
					 key_column(question, i)->atttypid == typid ? "" : cast_to(typid),
					 quote_identifier(get_namespace_name(form->oprnamespace)),
					 NameStr(form->oprname), i + 1,
					 question->types[i] == typid ? "" : cast_to(typid));
	ReleaseSysCache(tuple);
}

/* Write the SELECT that finds the row. */
static char *
compose_row_query(const Question *question, bool lock_row)
{
	StringInfoData query;
	Relation	rel = question->rel;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT t.%s FROM %s%s AS t WHERE",
					 quote_identifier(question->column_name),
					 rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ? "" : "ONLY ",
					 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
												RelationGetRelationName(rel)));
	for (int i = 0; i < question->nkeys; i++)
		append_comparison(&query, question, i);
	if (lock_row)
		appendStringInfoString(&query, " FOR NO KEY UPDATE");
	return query.data;
}

/*
 * See that the SELECT, which could only name the table, is about that table: to
 * rename a schema takes no lock of what is in it.
 */
static void
check_table(const Question *question, Portal portal)
{
	RangeTblEntry *table = linitial(PortalGetPrimaryStmt(portal)->rtable);

	if (table->rtekind != RTE_RELATION ||
		table->relid != RelationGetRelid(question->rel))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"%s\" has another name meanwhile",
						RelationGetRelationName(question->rel)),
				 errhint("Try again.")));
}

/* Find the row.  Returns its version, or NULL where there is none. */
static VersionValue *
find_row(const Question *question, Portal portal)
{
	VersionValue *version = NULL;

	check_table(question, portal);
	SPI_cursor_fetch(portal, true, 1);
	if (SPI_processed > 0)
	{
		version = palloc(sizeof(VersionValue));
		version->datum = SPI_getbinval(SPI_tuptable->vals[0],
									   SPI_tuptable->tupdesc, 1, &version->isnull);
	}
	return version;
}

/*
 * Does the statement that calls us write?  Then it is no SELECT, or it, or a
 * function that it calls, has used its command.
 */
static bool
statement_writes(void)
{
	PlannedStmt *statement = ActivePortal ? PortalGetPrimaryStmt(ActivePortal) : NULL;
	CommandId	before = GetCurrentCommandId(false);

	CommandCounterIncrement();
	return GetCurrentCommandId(false) != before ||
		(statement && statement->commandType != CMD_UTILITY &&
		 (statement->commandType != CMD_SELECT || statement->hasModifyingCTE));
}

/*
 * Remember the row that a cursor has locked, where it is now.
 *
 * Its ctid, which who has SELECT on columns only may not select, is found as
 * WHERE CURRENT OF finds it (execCurrentOf(), execCurrent.c): by the mark of
 * the table, which the range table begins with, or of the one partition that it
 * was found in.  Other marks are a policy's.
 */
static void
remember_locked_row(const Question *question, Portal portal, bool is_guard)
{
	EState	   *estate = portal->queryDesc->estate;
	ExecRowMark *found = NULL;
	SessionAssertion assertion = {
		.table = cc_session_table(question->rel),
		.column = question->column_name,
		.is_guard = is_guard
	};

	/* so that what is written later is known to be later */
	CommandCounterIncrement();
	for (int i = 0; i < estate->es_range_table_size; i++)
	{
		ExecRowMark *mark = estate->es_rowmarks[i];

		if (mark && mark->prti == 1 && ItemPointerIsValid(&mark->curCtid))
			found = mark;
	}
	if (found == NULL)
		elog(ERROR, "could not find the row that was locked");
	cc_session_assert(found->relation, &found->curCtid, &assertion);
}

/* Spell the key that was asked for. */
static char *
describe_key(const Question *question)
{
	char	   *values[INDEX_MAX_KEYS];

	for (int i = 0; i < question->nkeys; i++)
	{
		Oid			output;
		bool		is_varlena;

		getTypeOutputInfo(question->types[i], &output, &is_varlena);
		values[i] = OidOutputFunctionCall(output, question->values[i]);
	}
	return cc_key_text(question->index, values);
}

/* Raise the error of a row that is not as it was asserted to be. */
static void
refuse_row(const Question *question, const VersionValue *version)
{
	StaleAssertion stale = {
		.rel = question->rel,
		.attachment = &question->attachment,
		.column_name = question->column_name,
		.column = &question->column,
		.index = question->index,
		.key = describe_key(question),
		.asserted = question->version
	};

	if (version == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("row of table \"%s\" does not exist",
						RelationGetRelationName(question->rel)),
				 errdetail("%s is not present, or not visible to you.", stale.key),
				 errtable(question->rel)));
	stale.current = *version;
	cc_conflict_assertion(&stale);
}

/* Read what is asked, but for the key. */
static void
read_question(FunctionCallInfo fcinfo, LOCKMODE lockmode, Question *question)
{
	cc_argument_require(fcinfo, 0, "table_name");
	cc_argument_require(fcinfo, 1, "key");
	cc_argument_require(fcinfo, 3, "column_name");
	question->column_name = NameStr(*PG_GETARG_NAME(3));
	question->rel = cc_argument_table(fcinfo, lockmode, question->column_name,
									  &question->attachment);
	question->column = cc_policy_column(question->rel, question->column_name);
	question->version = cc_argument_version(fcinfo, 2, &question->column);
	open_key(question);
}

/*
 * Answer: is the row at the version?  The table stays locked until the end of
 * the transaction, as by a SELECT, which then finds the lock there.
 */
static bool
answer(FunctionCallInfo fcinfo, bool is_assertion)
{
	Question	question;
	Portal		portal;
	VersionValue *version;
	bool		is_guard = is_assertion && statement_writes();
	bool		is_current;

	read_question(fcinfo, is_assertion ? RowShareLock : AccessShareLock, &question);
	read_key(fcinfo, &question);
	SPI_connect();
	portal = SPI_cursor_open_with_args(NULL, compose_row_query(&question, is_assertion),
									   question.nkeys, question.types,
									   question.values, NULL, false,
									   CURSOR_OPT_NO_SCROLL);
	version = find_row(&question, portal);
	is_current = version &&
		cc_version_equals(&question.column, *version, question.version);
	if (is_assertion && !is_current)
		refuse_row(&question, version);
	if (is_assertion)
		remember_locked_row(&question, portal, is_guard);
	SPI_cursor_close(portal);
	SPI_finish();

	index_close(question.index, AccessShareLock);
	relation_close(question.rel, NoLock);
	return is_current;
}

/*
 * is_current(table_name regclass, key jsonb, version anycompatible, column_name name)
 *		RETURNS boolean
 *
 * Is the row there, visible to the caller, and at this version?
 */
Datum
is_current(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(answer(fcinfo, false));
}

/*
 * assert_current(table_name regclass, key jsonb, version anycompatible,
 *				  column_name name) RETURNS void
 *
 * Lock the row FOR NO KEY UPDATE, and raise the conflict unless it is at this
 * version.  A later write of the row in this transaction is then not blind.
 */
Datum
assert_current(PG_FUNCTION_ARGS)
{
	answer(fcinfo, true);
	PG_RETURN_VOID();
}
