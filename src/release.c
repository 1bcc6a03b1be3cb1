/*-------------------------------------------------------------------------
 *
 * release.c
 *	  Which release the SQL objects are of that call this library.
 *
 * A library and SQL objects can come apart: a package is replaced before ALTER
 * EXTENSION ... UPDATE has run, or that runs while old sessions still have the
 * old library.  What was once installed keeps working with a newer library, if
 * that knows it; what nobody has tried together is refused.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_extension.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "release.h"

/* The releases whose SQL objects this library works with, the newest last. */
static const char *const known_releases[] = {"1.0"};

bool		cc_release_is_known = false;

/*
 * Syscache callback: look again.  pg_extension has no cache of its own to be
 * told about, but an update that matters replaces functions.
 */
static void
forget_release(Datum arg, int cacheid, uint32 hashvalue)
{
	cc_release_is_known = false;
}

/*
 * Be told when the SQL objects may have changed.  Called once, from _PG_init.
 */
void
cc_release_init(void)
{
	CacheRegisterSyscacheCallback(PROCOID, forget_release, (Datum) 0);
}

/* Return the release that is installed here, or NULL if none is. */
static char *
installed_release(void)
{
	Relation	pg_extension = table_open(ExtensionRelationId, AccessShareLock);
	char	   *release = NULL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber,
				F_NAMEEQ, CStringGetDatum("concurrency"));
	scan = systable_beginscan(pg_extension, ExtensionNameIndexId, true, NULL,
							  1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		version = heap_getattr(tuple, Anum_pg_extension_extversion,
										   RelationGetDescr(pg_extension), &isnull);

		release = TextDatumGetCString(version);
	}
	systable_endscan(scan);
	table_close(pg_extension, AccessShareLock);
	return release;
}

/*
 * Look up the release of the SQL objects, and remember that it is known; raise
 * an error if it is not.
 */
void
cc_release_look_up(void)
{
	char	   *release = installed_release();

	for (int i = 0; release && i < lengthof(known_releases); i++)
	{
		if (strcmp(release, known_releases[i]) == 0)
		{
			cc_release_is_known = true;
			return;
		}
	}

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 release ?
			 errmsg("extension \"concurrency\" is at version %s, which the library that is loaded does not know",
					release) :
			 errmsg("extension \"concurrency\" is not installed in this database"),
			 release ?
			 errhint("Run ALTER EXTENSION concurrency UPDATE TO '%s', or install the library of version %s and connect again.",
					 known_releases[lengthof(known_releases) - 1], release) :
			 errhint("Run CREATE EXTENSION concurrency.")));
}
