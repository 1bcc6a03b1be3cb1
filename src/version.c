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
#include "access/tupmacs.h"
#include "access/xact.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "compat.h"
#include "version.h"

/* How far a client's clock may be ahead of the server's. */
#define CLOCK_TOLERANCE USECS_PER_MINUTE

/* A timestamptz holds microseconds since 2000, a bigint those since 1970. */
#define CLOCK_AS_BIGINT "(EXTRACT(epoch FROM clock_timestamp()) * 1000000)::bigint"
#define EPOCH_OF_BIGINT \
	((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

static Datum next_counter(const VersionKind *kind, VersionValue old);
static TokenSequence counter_follows(const VersionKind *kind,
									 VersionValue old, Datum token);
static Datum next_clock(const VersionKind *kind, VersionValue old);
static TokenSequence clock_follows(const VersionKind *kind,
								   VersionValue old, Datum token);
static Datum next_xact(const VersionKind *kind, VersionValue old);
static Datum next_uuid(const VersionKind *kind, VersionValue old);

const VersionKind cc_version_kinds[] = {
	{"counter", INT8OID, true, PROTOCOL_AUTO, "1",
	next_counter, counter_follows, 0, PG_INT64_MAX, true},
	{"counter", INT4OID, true, PROTOCOL_AUTO, "1",
	next_counter, counter_follows, 0, PG_INT32_MAX, true},
	{"counter", INT2OID, true, PROTOCOL_AUTO, "1",
	next_counter, counter_follows, 0, PG_INT16_MAX, true},
	{"clock", TIMESTAMPTZOID, true, PROTOCOL_ECHO, "clock_timestamp()",
	next_clock, clock_follows, 0, END_TIMESTAMP - 1, false},
	{"clock", INT8OID, false, PROTOCOL_ECHO, CLOCK_AS_BIGINT,
	next_clock, clock_follows, EPOCH_OF_BIGINT, PG_INT64_MAX, false},
	{"xact", XID8OID, true, PROTOCOL_ECHO, "pg_current_xact_id()",
	next_xact, NULL, 0, 0, true},
	{"uuid", UUIDOID, true, PROTOCOL_ECHO, "gen_random_uuid()",
	next_uuid, NULL, 0, 0, true},
	{.name = NULL}
};

/* The number in a counter or a clock. */
static int64
int64_from_datum(const VersionKind *kind, Datum value)
{
	switch (kind->typid)
	{
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return DatumGetInt32(value);
		default:				/* bigint, timestamptz */
			return DatumGetInt64(value);
	}
}

static Datum
int64_to_datum(const VersionKind *kind, int64 value)
{
	switch (kind->typid)
	{
		case INT2OID:
			return Int16GetDatum((int16) value);
		case INT4OID:
			return Int32GetDatum((int32) value);
		default:
			return Int64GetDatum(value);
	}
}

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

/* How does a token that is not OLD stand to what may follow OLD? */
TokenSequence
cc_version_follows(const VersionColumn *column, VersionValue old,
				   VersionValue token)
{
	if (token.isnull || column->kind->follows == NULL)
		return TOKEN_DOES_NOT_FOLLOW;

	return column->kind->follows(column->kind, old, token.datum);
}

/* Is this the last number that the type can hold? */
bool
cc_version_is_maximum(const VersionKind *kind, Datum value)
{
	return int64_from_datum(kind, value) >= kind->maximum;
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

/*
 * Fetch what stands for a version that is not stored: null, or what ADD COLUMN
 * gave to the rows that were there.
 */
VersionValue
cc_version_missing(const VersionColumn *column, HeapTuple tuple,
				   TupleDesc tupdesc)
{
	VersionValue value;

	value.datum = heap_getattr(tuple, column->place.attnum, tupdesc,
							   &value.isnull);
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
	int			attnum = column->place.attnum;

	/* nobody checks them for a C function */
	if (OidIsValid(column->domain))
		domain_check(value.datum, value.isnull, column->domain, NULL, NULL);

	return heap_modify_tuple_by_cols(tuple, tupdesc, 1, &attnum,
									 &value.datum, &value.isnull);
}

/*
 * Kind "counter": 1, 2, 3, and after the type's maximum 1 again.
 */
static Datum
next_counter(const VersionKind *kind, VersionValue old)
{
	int64		counter = 0;

	if (!old.isnull)
		counter = int64_from_datum(kind, old.datum);
	return int64_to_datum(kind, counter == kind->maximum ? 1 : counter + 1);
}

static TokenSequence
counter_follows(const VersionKind *kind, VersionValue old, Datum token)
{
	Datum		next = next_counter(kind, old);

	return int64_from_datum(kind, token) == int64_from_datum(kind, next) ?
		TOKEN_FOLLOWS : TOKEN_DOES_NOT_FOLLOW;
}

/*
 * Kind "clock": the real time of the write, as a timestamptz or in microseconds
 * since 1970-01-01 UTC, which clients mean by a number.  It never goes back, nor
 * stands still, whatever the machine's clock does.
 */
static int64
read_clock(const VersionKind *kind)
{
	return GetCurrentTimestamp() + kind->epoch;
}

static Datum
next_clock(const VersionKind *kind, VersionValue old)
{
	int64		next = read_clock(kind);

	if (!old.isnull)
		next = Max(next, int64_from_datum(kind, old.datum) + 1);
	return int64_to_datum(kind, next);
}

/*
 * A client's clock need not agree with ours.  What it sends only has to lie
 * behind OLD, and not so far ahead that ours would have to follow it.
 */
static TokenSequence
clock_follows(const VersionKind *kind, VersionValue old, Datum token)
{
	int64		before = PG_INT64_MIN;
	int64		sent = int64_from_datum(kind, token);

	if (!old.isnull)
		before = int64_from_datum(kind, old.datum);
	if (sent <= before)
		return TOKEN_DOES_NOT_FOLLOW;
	if (sent == before + 1 || sent <= read_clock(kind) + CLOCK_TOLERANCE)
		return TOKEN_FOLLOWS;
	return TOKEN_FROM_FUTURE;
}

/*
 * Kind "xact": the id of the transaction, of which its subtransactions are a
 * part.
 */
static Datum
next_xact(const VersionKind *kind, VersionValue old)
{
	return FullTransactionIdGetDatum(GetTopFullTransactionId());
}

/*
 * Kind "uuid": a random one.
 */
static Datum
next_uuid(const VersionKind *kind, VersionValue old)
{
	/* it takes no arguments, for which fmgr.h has no macro */
	return DirectFunctionCall1(gen_random_uuid, (Datum) 0);
}
