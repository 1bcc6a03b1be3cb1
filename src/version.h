/*-------------------------------------------------------------------------
 *
 * version.h
 *	  The version column's value: what follows it, and its place in a row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_VERSION_H
#define CC_VERSION_H

#include "access/htup.h"
#include "access/tupdesc.h"

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
	VersionValue expected;		/* by concurrency.expect(), where is_expected */
	bool		is_expected;
	bool		token_was_sent; /* is NEW's version the writer's word? */
} VersionChange;

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
	const char *column_default; /* SQL expression for a new column */

	/* The version that follows OLD, or the first one where OLD is NULL */
	Datum		(*next) (const VersionKind *kind, VersionValue old);

	/* May a client that counts by itself send this token?  NULL: never */
	TokenSequence (*follows) (const VersionKind *kind, VersionValue old,
							  Datum token);

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
	AttrNumber	attnum;
	int16		typlen;
	bool		typbyval;
	Oid			domain;			/* whose constraints hold for it, or InvalidOid */
	const VersionKind *kind;
} VersionColumn;

extern bool cc_version_kind_exists(const char *name);
extern const VersionKind *cc_version_kind(const char *name, Oid typid);

extern VersionValue cc_version_next(const VersionColumn *column,
									VersionValue old);
extern bool cc_version_equals(const VersionColumn *column,
							  VersionValue a, VersionValue b);
extern TokenSequence cc_version_follows(const VersionColumn *column,
										VersionValue old, VersionValue token);
extern bool cc_version_is_last(const VersionColumn *column,
							   VersionValue value);

extern char *cc_version_text(const VersionColumn *column, VersionValue value);

extern VersionValue cc_version_read(const VersionColumn *column,
									HeapTuple tuple, TupleDesc tupdesc);
extern HeapTuple cc_version_write(const VersionColumn *column,
								  HeapTuple tuple, TupleDesc tupdesc,
								  VersionValue value);

#endif							/* CC_VERSION_H */
