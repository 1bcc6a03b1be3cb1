/*-------------------------------------------------------------------------
 *
 * version.c
 *	  The version column's value: a table of kinds, each with its types, its
 *	  first value and what follows, and the way into and out of a row.
 *
 * Nothing here knows of triggers or policies.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"

#include "version.h"

static Datum first_counter(const VersionKind *kind);
static Datum next_counter(const VersionKind *kind, Datum old);
static bool accept_next_counter(const VersionKind *kind, Datum old,
								Datum token);

const VersionKind cc_version_kinds[] = {
	{"counter", INT8OID, true, "1",
	first_counter, next_counter, accept_next_counter, PG_INT64_MAX},
	{"counter", INT4OID, true, "1",
	first_counter, next_counter, accept_next_counter, PG_INT32_MAX},
	{"counter", INT2OID, true, "1",
	first_counter, next_counter, accept_next_counter, PG_INT16_MAX},
	{.name = NULL}
};

/* Does any type have a kind of this name? */
bool
cc_version_kind_exists(const char *name)
{
	for (const VersionKind *kind = cc_version_kinds; kind->name; kind++)
	{
		if (strcmp(kind->name, name) == 0)
			return true;
	}
	return false;
}

/*
 * Find the kind of that name, or the default if it is NULL, for columns of
 * that type.  NULL if there is none.
 */
const VersionKind *
cc_version_kind(const char *name, Oid typid)
{
	for (const VersionKind *kind = cc_version_kinds; kind->name; kind++)
	{
		if (kind->typid == typid &&
			(name ? strcmp(kind->name, name) == 0 : kind->is_default))
			return kind;
	}
	return NULL;
}

/* The version of a row that had none. */
VersionValue
cc_version_first(const VersionColumn *column)
{
	VersionValue first = {column->kind->first(column->kind), false};

	return first;
}

/* The version that follows OLD's. */
VersionValue
cc_version_next(const VersionColumn *column, VersionValue old)
{
	VersionValue next = {0, false};

	if (old.isnull)
		return cc_version_first(column);

	next.datum = column->kind->next(column->kind, old.datum);
	return next;
}

/* The same version?  NULL equals NULL: neither row ever had one. */
bool
cc_version_equals(const VersionColumn *column, VersionValue a, VersionValue b)
{
	if (a.isnull || b.isnull)
		return a.isnull && b.isnull;

	return datum_image_eq(a.datum, b.datum, column->typbyval, column->typlen);
}

/* Is the token what a client that counts by itself sends after OLD? */
bool
cc_version_is_increment(const VersionColumn *column, VersionValue old,
						VersionValue token)
{
	if (token.isnull)
		return false;
	if (old.isnull)
		return cc_version_equals(column, token, cc_version_first(column));

	return column->kind->accepts(column->kind, old.datum, token.datum);
}

/* Spell a version for a person, in the current memory context. */
char *
cc_version_text(const VersionColumn *column, VersionValue value)
{
	Oid			output;
	bool		is_varlena;

	if (value.isnull)
		return pstrdup("null");

	getTypeOutputInfo(column->kind->typid, &output, &is_varlena);
	return OidOutputFunctionCall(output, value.datum);
}

/* Fetch a row's version. */
VersionValue
cc_version_read(const VersionColumn *column, HeapTuple tuple, TupleDesc tupdesc)
{
	VersionValue value;

	value.datum = heap_getattr(tuple, column->attnum, tupdesc, &value.isnull);
	return value;
}

/*
 * Return a copy of the row, in the current memory context, that has this
 * version.
 */
HeapTuple
cc_version_write(const VersionColumn *column, HeapTuple tuple,
				 TupleDesc tupdesc, VersionValue value)
{
	int			attnum = column->attnum;

	return heap_modify_tuple_by_cols(tuple, tupdesc, 1, &attnum,
									 &value.datum, &value.isnull);
}

/*
 * Kind "counter": 1, 2, 3, and after the type's maximum 1 again.
 */

static int64
counter_from_datum(const VersionKind *kind, Datum value)
{
	switch (kind->typid)
	{
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return DatumGetInt32(value);
		default:
			return DatumGetInt64(value);
	}
}

static Datum
counter_to_datum(const VersionKind *kind, int64 counter)
{
	switch (kind->typid)
	{
		case INT2OID:
			return Int16GetDatum((int16) counter);
		case INT4OID:
			return Int32GetDatum((int32) counter);
		default:
			return Int64GetDatum(counter);
	}
}

static int64
count_on(const VersionKind *kind, int64 counter)
{
	return counter == kind->maximum ? 1 : counter + 1;
}

static Datum
first_counter(const VersionKind *kind)
{
	return counter_to_datum(kind, 1);
}

static Datum
next_counter(const VersionKind *kind, Datum old)
{
	return counter_to_datum(kind,
							count_on(kind, counter_from_datum(kind, old)));
}

static bool
accept_next_counter(const VersionKind *kind, Datum old, Datum token)
{
	return counter_from_datum(kind, token) ==
		count_on(kind, counter_from_datum(kind, old));
}
