/*-------------------------------------------------------------------------
 *
 * default.c
 *	  What a column has where an INSERT does not name it.
 *
 * Only looks at the expression: to plan it would call the immutable functions
 * in it, which are the table owner's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/heap.h"
#include "catalog/pg_attrdef.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_node.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "catalog.h"
#include "default.h"

/* Read the default of a column itself.  NULL if it has none. */
static Node *
read_own_default(Form_pg_attribute att)
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
find_kind(Node *expr, Form_pg_attribute att, Oid typid)
{
	for (const VersionKind *kind = cc_version_kinds; kind->name; kind++)
	{
		if (kind->typid == typid && equal(expr, parse_default(kind, att)))
			return kind;
	}
	return NULL;
}

/* Is it a null, perhaps of a domain? */
static bool
is_null(Node *expr)
{
	Node	   *value = strip_implicit_coercions(expr);

	return IsA(value, Const) && castNode(Const, value)->constisnull;
}

/* What is asked of a column, and what is found. */
typedef struct DefaultSearch
{
	Form_pg_attribute att;
	ColumnDefault found;
} DefaultSearch;

/* Look at a column's default, or at that of its type. */
static void
look_at_default(void *arg)
{
	DefaultSearch *search = arg;
	Form_pg_attribute att = search->att;
	ColumnDefault found = {.is_there = att->attidentity != '\0'};
	Oid			typid = cc_catalog_base_type(att->atttypid);
	Node	   *expr = read_own_default(att);

	if (expr)
		found.kind = find_kind(expr, att, typid);
	else
		expr = get_typdefault(att->atttypid);
	if (expr && !is_null(expr))
	{
		found.is_there = true;
		found.is_constant = !contain_mutable_functions(expr);
	}
	search->found = found;
}

/*
 * Look at a column's default.  A null is none, and so is that of a column whose
 * type or functions somebody drops.  The caller's search_path begins with
 * pg_catalog, in which the kinds' defaults are parsed.
 */
ColumnDefault
cc_default_of(Form_pg_attribute att)
{
	DefaultSearch search = {.att = att};
	ErrorData  *error = cc_catalog_try(look_at_default, &search);

	if (error && error->sqlerrcode != ERRCODE_INTERNAL_ERROR)
		ReThrowError(error);
	return search.found;
}
