/*-------------------------------------------------------------------------
 *
 * writer.c
 *	  Who is writing: the table's owner, a foreign key, this transaction again?
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_constraint.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/syscache.h"

#include "compat.h"
#include "writer.h"

/* Is this the table, or one that it is a partition of? */
bool
cc_writer_covers(Oid relid, Relation rel)
{
	if (relid == RelationGetRelid(rel))
		return true;
	if (!rel->rd_rel->relispartition)
		return false;
	return list_member_oid(get_partition_ancestors(RelationGetRelid(rel)), relid);
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
 * Are all these columns, numbered as in tg_updatedcols, the foreign key's?
 * Those that PostgreSQL computes from them do not count.
 */
static bool
updates_only_key(TupleDesc tupdesc, const Bitmapset *updated,
				 const ForeignKeyCacheInfo *key)
{
	int			member = -1;

	while ((member = bms_next_member(updated, member)) >= 0)
	{
		AttrNumber	attnum = member + FirstLowInvalidHeapAttributeNumber;
		bool		is_key = false;

		for (int i = 0; i < key->nkeys; i++)
			is_key = is_key || key->conkey[i] == attnum;
		if (!is_key && !TupleDescAttr(tupdesc, attnum - 1)->attgenerated)
			return false;
	}
	return true;
}

/* Does the foreign key delete rows whose referenced row is deleted? */
static bool
cascades_delete(const ForeignKeyCacheInfo *key)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(key->conoid));
	bool		cascades;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for constraint %u", key->conoid);
	cascades = ((Form_pg_constraint) GETSTRUCT(tuple))->confdeltype ==
		FKCONSTR_ACTION_CASCADE;
	ReleaseSysCache(tuple);
	return cascades;
}

/* Could a foreign key of the table have caused this UPDATE or DELETE? */
static bool
has_such_foreign_key(TriggerData *trigdata)
{
	ListCell   *lc;

	foreach(lc, RelationGetFKeyList(trigdata->tg_relation))
	{
		const ForeignKeyCacheInfo *key = lfirst(lc);

		if (TRIGGER_FIRED_BY_DELETE(trigdata->tg_event) ?
			cascades_delete(key) :
			updates_only_key(RelationGetDescr(trigdata->tg_relation),
							 trigdata->tg_updatedcols, key))
			return true;
	}
	return false;
}

/*
 * Is this the server's own write, for a foreign key's ON UPDATE or ON DELETE
 * action?
 *
 * ri_PerformCheck (ri_triggers.c) runs these as the table's owner, and sets
 * SECURITY_NOFORCE_RLS.  That flag alone does not tell: it stays set in
 * whatever the action sets off, such as a trigger of somebody else's table
 * that calls a SECURITY DEFINER function of this table's owner.  So the write
 * must also look like a foreign key's.
 */
bool
cc_writer_is_foreign_key(TriggerData *trigdata)
{
	return InNoForceRLSOperation() &&
		cc_writer_owns(GetUserId(), trigdata->tg_relation) &&
		has_such_foreign_key(trigdata);
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
