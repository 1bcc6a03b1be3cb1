/*-------------------------------------------------------------------------
 *
 * lookup.h
 *	  A row that somebody names by its primary key, in JSON.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_LOOKUP_H
#define CC_LOOKUP_H

#include "fmgr.h"
#include "utils/portal.h"
#include "utils/rel.h"

#include "attachment.h"
#include "compat.h"
#include "version.h"

/* A row of a table, by the values of its primary key. */
typedef struct RowLookup
{
	Relation	rel;
	Relation	index;			/* of the primary key */
	int			nkeys;
	Oid			types[INDEX_MAX_KEYS];	/* of the values, no domains */
	Datum		values[INDEX_MAX_KEYS];
	Attachment	attachment;		/* the trigger that keeps the version */
	const char *column_name;	/* or NULL */
	VersionColumn column;
	bool		shows_key;		/* is it wanted as JSON? */
} RowLookup;

/* The row, as it was found. */
typedef struct FoundRow
{
	VersionValue version;
	Datum		key[INDEX_MAX_KEYS];	/* as the row stores it */
	Datum		shown_key;		/* as JSON, if that was wanted */
} FoundRow;

extern void cc_lookup_open(FunctionCallInfo fcinfo, LOCKMODE lockmode,
						   const char *column, RowLookup *lookup);
extern Portal cc_lookup_start(const RowLookup *lookup, bool lock_row);
extern FoundRow *cc_lookup_fetch(const RowLookup *lookup, Portal portal);
extern char *cc_lookup_key_text(const RowLookup *lookup);
pg_noreturn extern void cc_lookup_refuse_missing(const RowLookup *lookup);
extern void cc_lookup_close(RowLookup *lookup);

#endif							/* CC_LOOKUP_H */
