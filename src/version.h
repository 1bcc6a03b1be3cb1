/*-------------------------------------------------------------------------
 *
 * version.h
 *	  The version column's value: what follows it, and its place in a row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_VERSION_H
#define CC_VERSION_H

#include "access/tupmacs.h"
#include "executor/tuptable.h"
#include "utils/datum.h"

#include "place.h"

/* What a version column holds in one row. */
typedef struct VersionValue
{
	Datum		datum;
	bool		isnull;
} VersionValue;

/* One row's versions before and after a write, and what its writer said. */
typedef struct VersionChange
{
	VersionValue old;
	VersionValue new;
	char	   *place;			/* of NEW's version, where one is stored */
	VersionValue expected;		/* by concurrency.expect(), where is_expected */
	bool		is_expected;
	bool		token_was_sent; /* is NEW's version the writer's word? */
} VersionChange;

/* protocol=...: how writers say which version their change is based on */
typedef enum TokenProtocol
{
	PROTOCOL_AUTO,
	PROTOCOL_ECHO,
	PROTOCOL_INCREMENT,
	PROTOCOL_IGNORE
} TokenProtocol;

/* How a token that is not OLD itself stands to what may follow OLD. */
typedef enum TokenSequence
{
	TOKEN_DOES_NOT_FOLLOW,
	TOKEN_FOLLOWS,
	TOKEN_FROM_FUTURE			/* of a clock: no writer can have read it */
} TokenSequence;

/*
 * How versions follow each other in columns of one type.  Two rows of
 * cc_version_kinds may share a name: the same kind for another type.
 */
typedef struct VersionKind VersionKind;
struct VersionKind
{
	const char *name;
	Oid			typid;			/* of the column, domains looked through */
	bool		is_default;		/* where the trigger names no kind? */
	TokenProtocol protocol;		/* where it names no protocol */
	const char *column_default; /* SQL expression for a new column */

	/* The version that follows OLD, or the first one where OLD is NULL */
	Datum		(*next) (const VersionKind *kind, VersionValue old);

	/* May a client that counts by itself send this token?  NULL: never */
	TokenSequence (*follows) (const VersionKind *kind, VersionValue old,
							  Datum token);

	int64		epoch;			/* of a clock: how long before PostgreSQL's */
	int64		maximum;		/* of the numbers that the type can hold */
	bool		wraps;			/* does 1 follow the maximum, or nothing? */
};

/*
 * The types of a kind stand together, and the first of them is what attach
 * gives to a new column; ends with a row that has no name.
 */
extern const VersionKind cc_version_kinds[];

/* A version column of one relation (partitions may number theirs otherwise) */
typedef struct VersionColumn
{
	ColumnPlace place;
	Oid			domain;			/* whose constraints hold for it, or
								 * InvalidOid */
	const VersionKind *kind;
} VersionColumn;

extern bool cc_version_kind_exists(const char *name);
extern const VersionKind *cc_version_kind(const char *name, Oid typid);

extern TokenSequence cc_version_follows(const VersionColumn *column,
										VersionValue old, VersionValue token);
extern bool cc_version_is_maximum(const VersionKind *kind, Datum value);

extern char *cc_version_text(const VersionColumn *column, VersionValue value);

extern VersionValue cc_version_missing(const VersionColumn *column,
									   HeapTuple tuple, TupleDesc tupdesc);
extern HeapTuple cc_version_write(const VersionColumn *column,
								  HeapTuple tuple, TupleDesc tupdesc,
								  VersionValue value);

/* The version that follows OLD's, or the first one where OLD has none. */
static inline VersionValue
cc_version_next(const VersionColumn *column, VersionValue old)
{
	VersionValue next = {column->kind->next(column->kind, old), false};

	return next;
}

/* The same version?  NULL equals NULL: neither row ever had one. */
static inline bool
cc_version_equals(const VersionColumn *column, VersionValue a, VersionValue b)
{
	if (a.isnull || b.isnull)
		return a.isnull && b.isnull;

	if (column->place.typbyval)
		return a.datum == b.datum;
	return datum_image_eq(a.datum, b.datum, false, column->place.typlen);
}

/* Is this a version that no other can follow? */
static inline bool
cc_version_is_last(const VersionColumn *column, VersionValue value)
{
	return !column->kind->wraps && !value.isnull &&
		cc_version_is_maximum(column->kind, value.datum);
}

/* Find where a row has its version.  NULL if none is stored. */
static inline char *
cc_version_find(const VersionColumn *column, HeapTuple tuple, TupleDesc tupdesc)
{
	char	   *place = cc_place_find(&column->place, tuple);

	if (place == NULL)
		place = cc_place_walk(&column->place, tuple, tupdesc);
	return place;
}

/* Fetch a row's version from there. */
static inline VersionValue
cc_version_fetch(const VersionColumn *column, const char *place,
				 HeapTuple tuple, TupleDesc tupdesc)
{
	VersionValue value = {0, false};

	if (unlikely(place == NULL))
		return cc_version_missing(column, tuple, tupdesc);
	value.datum = fetch_att(place, column->place.typbyval,
							column->place.typlen);
	return value;
}

/* Overwrite the version in the tuple that the slot holds. */
static inline void
cc_version_overwrite(const VersionColumn *column, TupleTableSlot *slot,
					 char *place, VersionValue value)
{
	int			attnum = column->place.attnum;

	if (!column->place.typbyval)
	{
		memcpy(place, DatumGetPointer(value.datum), column->place.typlen);
		return;
	}
	store_att_byval(place, value.datum, column->place.typlen);
	/* the slot may have been taken apart already */
	if (slot->tts_nvalid >= attnum)
		slot->tts_values[attnum - 1] = value.datum;
}

#endif							/* CC_VERSION_H */
