/*-------------------------------------------------------------------------
 *
 * writer.c
 *	  Who is writing: the table's owner, a foreign key, this transaction again?
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "writer.h"

/* Is this the table, or one that is a partition or a child of it? */
bool
cc_writer_covers(Oid relid, Relation rel)
{
	Oid			rowtype;

	if (relid == RelationGetRelid(rel))
		return true;
	rowtype = get_rel_type_id(relid);
	return OidIsValid(rowtype) &&
		typeInheritsFrom(rel->rd_rel->reltype, rowtype);
}

/* Does the role own the table, or one that it is a partition of? */
bool
cc_writer_owns(Oid roleid, Relation rel)
{
	ListCell   *lc;

	if (class_ownercheck_compat(RelationGetRelid(rel), roleid))
		return true;
	if (!rel->rd_rel->relispartition)
		return false;
	foreach(lc, get_partition_ancestors(RelationGetRelid(rel)))
	{
		if (class_ownercheck_compat(lfirst_oid(lc), roleid))
			return true;
	}
	return false;
}

/*
 * Is the statement that is running one of a foreign key's own?
 *
 * The innermost line of context quotes it, whatever the language of the rest.
 * Nobody but ri_triggers.c writes conditions of this form.
 */
static bool
statement_is_foreign_keys(void)
{
	char	   *statement = GetErrorContextStack();

	if (statement == NULL)
		return false;
	statement[strcspn(statement, "\n")] = '\0';

	return (strstr(statement, "UPDATE ") || strstr(statement, "DELETE FROM ")) &&
		strstr(statement, " WHERE $") && strstr(statement, " OPERATOR(");
}

/*
 * Is this the server's own write, for a foreign key's ON UPDATE or ON DELETE
 * action?
 *
 * ri_PerformCheck (ri_triggers.c) runs these as the table's owner, and sets
 * SECURITY_NOFORCE_RLS.  That does not tell all: the flag stays set in whatever
 * the action sets off, such as a trigger of somebody else's table that calls a
 * SECURITY DEFINER function of this table's owner.  Hence the look at the
 * statement, which costs something only where a write would be refused.
 */
bool
cc_writer_is_foreign_key(TriggerData *trigdata)
{
	return InNoForceRLSOperation() &&
		cc_writer_owns(GetUserId(), trigdata->tg_relation) &&
		statement_is_foreign_keys();
}

/*
 * Has this transaction itself written the row that it is writing now?  What a
 * foreign table's row has in place of xmin means nothing.
 */
bool
cc_writer_made_row(TriggerData *trigdata)
{
	HeapTupleHeader row = trigdata->tg_trigtuple->t_data;

	return trigdata->tg_relation->rd_rel->relkind != RELKIND_FOREIGN_TABLE &&
		TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(row));
}
