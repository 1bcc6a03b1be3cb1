/*-------------------------------------------------------------------------
 *
 * manage.c
 *	  What the management functions, which are SQL, ask of the C code: so that
 *	  kinds and options are known in one place.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/heap.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "funcapi.h"
#include "optimizer/optimizer.h"
#include "parser/parse_node.h"
#include "parser/parser.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

#include "attachment.h"
#include "policy.h"
#include "version.h"

PG_FUNCTION_INFO_V1(version_kinds);
PG_FUNCTION_INFO_V1(check_trigger_arguments);
PG_FUNCTION_INFO_V1(column_default);
PG_FUNCTION_INFO_V1(is_own_transaction);

/*
 * version_kinds(for_type regtype) RETURNS SETOF record
 *
 * The table of kinds, in its order; only what suits a type if one is given.
 */
Datum
version_kinds(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			typid = InvalidOid;

	if (!PG_ARGISNULL(0))
	{
		typid = PG_GETARG_OID(0);
		if (!SearchSysCacheExists1(TYPEOID, ObjectIdGetDatum(typid)))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("type with OID %u does not exist", typid)));
		typid = getBaseType(typid);
	}

	InitMaterializedSRF(fcinfo, 0);
	for (const VersionKind *kind = cc_version_kinds; kind->name; kind++)
	{
		Datum		values[5];
		bool		nulls[5] = {false};

		if (OidIsValid(typid) && kind->typid != typid)
			continue;
		values[0] = CStringGetTextDatum(kind->name);
		values[1] = ObjectIdGetDatum(kind->typid);
		values[2] = BoolGetDatum(kind->is_default);
		values[3] = CStringGetTextDatum(kind->column_default);
		values[4] = CStringGetTextDatum(cc_policy_protocol_name(kind->protocol));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * check_trigger_arguments(regclass, text[]) RETURNS void
 *
 * Raise the error, if any, that a version trigger with these arguments would
 * raise at the table's next write.
 */
Datum
check_trigger_arguments(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	Relation	rel = try_table_open(relid, AccessShareLock);
	Datum	   *elements;
	char	  **args;
	int			nargs;

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u does not exist", relid)));

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false,
					  TYPALIGN_INT, &elements, NULL, &nargs);
	args = palloc(nargs * sizeof(char *));
	for (int i = 0; i < nargs; i++)
		args[i] = TextDatumGetCString(elements[i]);

	cc_policy_check(rel, cc_attachment_function(fcinfo), nargs, args);

	table_close(rel, AccessShareLock);
	PG_RETURN_VOID();
}

/* Read the default of a column itself.  NULL if it has none. */
static Node *
own_default(Form_pg_attribute att)
{
	Relation	pg_attrdef;
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	Node	   *expr = NULL;

	if (!att->atthasdef)
		return NULL;
	pg_attrdef = table_open(AttrDefaultRelationId, AccessShareLock);
	ScanKeyInit(&keys[0], Anum_pg_attrdef_adrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(att->attrelid));
	ScanKeyInit(&keys[1], Anum_pg_attrdef_adnum, BTEqualStrategyNumber,
				F_INT2EQ, Int16GetDatum(att->attnum));
	scan = systable_beginscan(pg_attrdef, AttrDefaultIndexId, true, NULL, 2, keys);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		adbin = heap_getattr(tuple, Anum_pg_attrdef_adbin,
										 RelationGetDescr(pg_attrdef), &isnull);

		expr = stringToNode(TextDatumGetCString(adbin));
	}
	systable_endscan(scan);
	table_close(pg_attrdef, AccessShareLock);
	return expr;
}

/* Parse a kind's default as ALTER TABLE does for a column. */
static Node *
parse_default(const VersionKind *kind, Form_pg_attribute att)
{
	char	   *statement = psprintf("SELECT %s", kind->column_default);
	RawStmt    *raw = linitial(raw_parser(statement, RAW_PARSE_DEFAULT));
	ResTarget  *target = linitial(castNode(SelectStmt, raw->stmt)->targetList);

	return cookDefault(make_parsestate(NULL), target->val, att->atttypid,
					   att->atttypmod, NameStr(att->attname), '\0');
}

/* Find the kind whose default this expression is. */
static const VersionKind *
find_kind_of_default(Node *expr, Form_pg_attribute att)
{
	Oid			typid = getBaseType(att->atttypid);

	for (const VersionKind *kind = cc_version_kinds; kind->name; kind++)
	{
		if (kind->typid == typid && equal(expr, parse_default(kind, att)))
			return kind;
	}
	return NULL;
}

/*
 * column_default("table" regclass, "column" name, OUT kind text,
 *				  OUT is_constant boolean)
 *
 * Whose default is it, and does it give every row the same version?  Only looks
 * at the expression: to plan it would call the immutable functions in it, which
 * are the table owner's.
 */
Datum
column_default(PG_FUNCTION_ARGS)
{
	HeapTuple	tuple = SearchSysCacheAttName(PG_GETARG_OID(0),
											  NameStr(*PG_GETARG_NAME(1)));
	const VersionKind *kind = NULL;
	TupleDesc	tupdesc;
	Datum		values[2] = {0};
	bool		nulls[2] = {true, true};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (HeapTupleIsValid(tuple))
	{
		Form_pg_attribute att = (Form_pg_attribute) GETSTRUCT(tuple);
		Node	   *expr = own_default(att);

		if (expr)
			kind = find_kind_of_default(expr, att);
		else
			expr = get_typdefault(att->atttypid);
		if (expr && IsA(expr, Const) && castNode(Const, expr)->constisnull)
			expr = NULL;
		if (kind)
			values[0] = CStringGetTextDatum(kind->name);
		values[1] = BoolGetDatum(expr && !contain_mutable_functions(expr));
		nulls[0] = kind == NULL;
		nulls[1] = expr == NULL;
		ReleaseSysCache(tuple);
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc),
													  values, nulls)));
}

/*
 * is_own_transaction(xid) RETURNS boolean
 *
 * Is it the current transaction, or a savepoint of it?  Not to be computed:
 * xids wrap around.
 */
Datum
is_own_transaction(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(TransactionIdIsCurrentTransactionId(DatumGetTransactionId(PG_GETARG_DATUM(0))));
}
