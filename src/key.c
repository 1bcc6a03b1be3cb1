/*-------------------------------------------------------------------------
 *
 * key.c
 *	  A table's primary key, by which people tell its rows apart.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "lib/stringinfo.h"
#include "utils/ruleutils.h"

#include "key.h"

/*
 * Return the primary key's index, locked ACCESS SHARE, or NULL where there is
 * none.  The caller closes it.
 */
Relation
cc_key_open(Relation rel)
{
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(rel))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		if (index->rd_index->indisprimary)
			return index;
		index_close(index, AccessShareLock);
	}
	return NULL;
}

/*
 * Spell a row's key as core's messages do: "Key (a, b)=(1, 2)".  There is a
 * value, or NULL, for each column that the index compares.
 */
char *
cc_key_text(Relation index, char **values)
{
	StringInfoData key;

	initStringInfo(&key);
	appendStringInfo(&key, "Key (%s)=(",
					 pg_get_indexdef_columns(RelationGetRelid(index), true));
	for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
		appendStringInfo(&key, "%s%s", i > 0 ? ", " : "",
						 values[i] ? values[i] : "null");
	appendStringInfoChar(&key, ')');
	return key.data;
}
