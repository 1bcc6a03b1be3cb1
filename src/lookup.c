/*-------------------------------------------------------------------------
 *
 * lookup.c
 *	  A row that somebody names by its primary key, in JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_operator.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "argument.h"
#include "key.h"
#include "lookup.h"
#include "policy.h"

/* The key's column. */
static Form_pg_attribute
key_column(const RowLookup *lookup, int i)
{
	int			attnum = lookup->index->rd_index->indkey.values[i];

	return TupleDescAttr(RelationGetDescr(lookup->rel), attnum - 1);
}

/* Open the primary key's index; it must be one that finds what is equal. */
static void
open_key(RowLookup *lookup)
{
	Relation	index = cc_key_open(lookup->rel);

	if (index == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("table \"%s\" has no primary key",
						RelationGetRelationName(lookup->rel)),
				 errhint("Add one, so that a row can be told from others."),
				 errtable(lookup->rel)));
	if (index->rd_rel->relam != BTREE_AM_OID)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("primary key of table \"%s\" is WITHOUT OVERLAPS",
						RelationGetRelationName(lookup->rel)),
				 errhint("Lock the row by SELECT ... FOR NO KEY UPDATE, and compare its version."),
				 errtable(lookup->rel)));

	lookup->index = index;
	lookup->nkeys = IndexRelationGetNumberOfKeyAttributes(index);
	for (int i = 0; i < lookup->nkeys; i++)
		lookup->types[i] = getBaseType(key_column(lookup, i)->atttypid);
}

/* Refuse a key that has other columns than the primary key, or a null. */
static void
refuse_key(const RowLookup *lookup, Jsonb *key)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("key %s does not fit the primary key (%s) of table \"%s\"",
					JsonbToCString(NULL, &key->root, VARSIZE(key)),
					pg_get_indexdef_columns(RelationGetRelid(lookup->index), true),
					RelationGetRelationName(lookup->rel)),
			 errhint("Give a JSON object with a value for each column, or the bare value for a key of one column."),
			 errtable(lookup->rel)));
}

/* Make an object of a bare value, for a key of one column. */
static Datum
name_value(const RowLookup *lookup, Jsonb *value)
{
	StringInfoData object;

	initStringInfo(&object);
	appendStringInfoChar(&object, '{');
	escape_json(&object, NameStr(key_column(lookup, 0)->attname));
	appendStringInfo(&object, ": %s}",
					 JsonbToCString(NULL, &value->root, VARSIZE(value)));
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(object.data));
}

/* Describe the row that a key is read into: base types, nothing cut or rounded. */
static TupleDesc
describe_key_row(const RowLookup *lookup)
{
	TupleDesc	tupdesc = CreateTemplateTupleDesc(lookup->nkeys);

	for (int i = 0; i < lookup->nkeys; i++)
		TupleDescInitEntry(tupdesc, i + 1, NameStr(key_column(lookup, i)->attname),
						   lookup->types[i], -1, 0);
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
read_key(FunctionCallInfo fcinfo, RowLookup *lookup)
{
	MemoryContext context = CurrentMemoryContext;
	Jsonb	   *key = PG_GETARG_JSONB_P(1);
	int			ngiven = JB_ROOT_IS_OBJECT(key) ? JB_ROOT_COUNT(key) : 1;
	TupleDesc	tupdesc = describe_key_row(lookup);
	HeapTupleData row = {0};
	bool		isnull[INDEX_MAX_KEYS];

	if (ngiven != lookup->nkeys)
		refuse_key(lookup, key);
	PG_TRY();
	{
		row.t_data = call_jsonb_to_record(JB_ROOT_IS_OBJECT(key) ?
										  JsonbPGetDatum(key) :
										  name_value(lookup, key), tupdesc);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		cc_argument_refuse(fcinfo, "key",
						   _("Give a JSON object with a value for each column, or the bare value for a key of one column."));
	}
	PG_END_TRY();

	row.t_len = HeapTupleHeaderGetDatumLength(row.t_data);
	heap_deform_tuple(&row, tupdesc, lookup->values, isnull);
	for (int i = 0; i < lookup->nkeys; i++)
	{
		if (isnull[i])
			refuse_key(lookup, key);
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
append_comparison(StringInfo query, const RowLookup *lookup, int i)
{
	Oid			opcintype = lookup->index->rd_opcintype[i];
	Oid			operator = get_opfamily_member(lookup->index->rd_opfamily[i],
											   opcintype, opcintype,
											   BTEqualStrategyNumber);
	Oid			typid = get_typtype(opcintype) == TYPTYPE_PSEUDO ?
	lookup->types[i] : opcintype;
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", operator);
	form = (Form_pg_operator) GETSTRUCT(tuple);

	appendStringInfo(query, "%s t.%s%s OPERATOR(%s.%s) $%d%s", i > 0 ? " AND" : "",
					 quote_identifier(NameStr(key_column(lookup, i)->attname)),
					 key_column(lookup, i)->atttypid == typid ? "" : cast_to(typid),
					 quote_identifier(get_namespace_name(form->oprnamespace)),
					 NameStr(form->oprname), i + 1,
					 lookup->types[i] == typid ? "" : cast_to(typid));
	ReleaseSysCache(tuple);
}

/* Have the key as JSON: a bare value of one column, an object of several. */
static void
append_shown_key(StringInfo query, const RowLookup *lookup)
{
	if (lookup->nkeys == 1)
	{
		appendStringInfo(query, ", pg_catalog.to_jsonb(t.%s)",
						 quote_identifier(NameStr(key_column(lookup, 0)->attname)));
		return;
	}
	appendStringInfoString(query, ", pg_catalog.jsonb_build_object(");
	for (int i = 0; i < lookup->nkeys; i++)
	{
		const char *name = NameStr(key_column(lookup, i)->attname);

		appendStringInfo(query, "%s%s, t.%s", i > 0 ? ", " : "",
						 quote_literal_cstr(name), quote_identifier(name));
	}
	appendStringInfoChar(query, ')');
}

/* Write the SELECT that finds the row: its version, and its key. */
static char *
compose_query(const RowLookup *lookup, bool lock_row)
{
	StringInfoData query;
	Relation	rel = lookup->rel;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT %s%s", lookup->column_name ? "t." : "",
					 lookup->column_name ? quote_identifier(lookup->column_name) : "NULL");
	for (int i = 0; i < lookup->nkeys; i++)
		appendStringInfo(&query, ", t.%s",
						 quote_identifier(NameStr(key_column(lookup, i)->attname)));
	if (lookup->shows_key)
		append_shown_key(&query, lookup);
	appendStringInfo(&query, " FROM %s%s AS t WHERE",
					 rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ? "" : "ONLY ",
					 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
												RelationGetRelationName(rel)));
	for (int i = 0; i < lookup->nkeys; i++)
		append_comparison(&query, lookup, i);
	if (lock_row)
		appendStringInfoString(&query, " FOR NO KEY UPDATE");
	return query.data;
}

/*
 * See that the SELECT, which could only name the table, is about that table: to
 * rename a schema takes no lock of what is in it.
 */
static void
check_table(const RowLookup *lookup, Portal portal)
{
	RangeTblEntry *table = linitial(PortalGetPrimaryStmt(portal)->rtable);

	if (table->rtekind != RTE_RELATION ||
		table->relid != RelationGetRelid(lookup->rel))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"%s\" has another name meanwhile",
						RelationGetRelationName(lookup->rel)),
				 errhint("Try again.")));
}

/*
 * Open the table that the first two arguments name a row of, and read its key.
 * It must have the column attached, or any if that is NULL, and no version is
 * read then.  The row is not looked for yet.
 */
void
cc_lookup_open(FunctionCallInfo fcinfo, LOCKMODE lockmode, const char *column,
			   RowLookup *lookup)
{
	lookup->column_name = column;
	lookup->rel = cc_argument_table(fcinfo, lockmode, column, &lookup->attachment);
	if (column)
		lookup->column = cc_policy_column(lookup->rel, column);
	open_key(lookup);
	read_key(fcinfo, lookup);
}

/*
 * Look for the row by a SELECT of the caller's, with the caller's rights and no
 * more: policies, index predicates and the key types' own operators run as they
 * would there.  Within SPI; the caller closes the portal.
 */
Portal
cc_lookup_start(const RowLookup *lookup, bool lock_row)
{
	Portal		portal = SPI_cursor_open_with_args(NULL, compose_query(lookup, lock_row),
												   lookup->nkeys,
												   (Oid *) lookup->types,
												   (Datum *) lookup->values,
												   NULL, false,
												   CURSOR_OPT_NO_SCROLL);

	check_table(lookup, portal);
	return portal;
}

/*
 * Fetch the row, which is locked then if that was asked for; NULL where there is
 * none.  It is in SPI's memory.
 */
FoundRow *
cc_lookup_fetch(const RowLookup *lookup, Portal portal)
{
	FoundRow   *found;
	bool		isnull;

	SPI_cursor_fetch(portal, true, 1);
	if (SPI_processed == 0)
		return NULL;
	found = palloc(sizeof(FoundRow));
	found->version.datum = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
										 1, &found->version.isnull);
	for (int i = 0; i < lookup->nkeys; i++)
		found->key[i] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
									  i + 2, &isnull);
	if (lookup->shows_key)
		found->shown_key = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
										 lookup->nkeys + 2, &isnull);
	return found;
}

/*
 * Spell the key that was asked for.
 */
char *
cc_lookup_key_text(const RowLookup *lookup)
{
	char	   *values[INDEX_MAX_KEYS];

	for (int i = 0; i < lookup->nkeys; i++)
	{
		Oid			output;
		bool		is_varlena;

		getTypeOutputInfo(lookup->types[i], &output, &is_varlena);
		values[i] = OidOutputFunctionCall(output, lookup->values[i]);
	}
	return cc_key_text(lookup->index, values);
}

/*
 * Raise the error of a row that is not there.
 */
void
cc_lookup_refuse_missing(const RowLookup *lookup)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("row of table \"%s\" does not exist",
					RelationGetRelationName(lookup->rel)),
			 errdetail("%s is not present, or not visible to you.",
					   cc_lookup_key_text(lookup)),
			 errtable(lookup->rel)));
}

/*
 * Close what was opened.  The table stays locked until the end of the
 * transaction, as by a SELECT.
 */
void
cc_lookup_close(RowLookup *lookup)
{
	index_close(lookup->index, AccessShareLock);
	relation_close(lookup->rel, NoLock);
}
