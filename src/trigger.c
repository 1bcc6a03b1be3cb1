/*-------------------------------------------------------------------------
 *
 * trigger.c
 *	  The trigger that SQL calls: called properly?  which event?  what row to
 *	  return?
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/partition.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/rel.h"

#include "compat.h"
#include "conflict.h"
#include "policy.h"
#include "verdict.h"
#include "version.h"

PG_FUNCTION_INFO_V1(version_trigger);

/* Refuse to be anything but what attach makes of us. */
static void
check_protocol(FunctionCallInfo fcinfo)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager",
						"concurrency.version_trigger"),
				 errhint("Attach it to a table with concurrency.attach().")));

	if (!TRIGGER_FIRED_BEFORE(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" on table \"%s\" must be fired BEFORE, FOR EACH ROW",
						trigdata->tg_trigger->tgname,
						RelationGetRelationName(trigdata->tg_relation)),
				 errhint("Drop it, and attach the table with concurrency.attach()."),
				 errtable(trigdata->tg_relation)));
}

/* Does the current user own the table, or one that it is a partition of? */
static bool
is_owner(Relation rel)
{
	ListCell   *lc;

	if (class_ownercheck_compat(RelationGetRelid(rel), GetUserId()))
		return true;
	if (!rel->rd_rel->relispartition)
		return false;
	foreach(lc, get_partition_ancestors(RelationGetRelid(rel)))
	{
		if (class_ownercheck_compat(lfirst_oid(lc), GetUserId()))
			return true;
	}
	return false;
}

/*
 * Is this the server's own write, for a foreign key's ON UPDATE or ON DELETE
 * action?
 *
 * ri_PerformCheck (ri_triggers.c) runs these as the table's owner and sets
 * SECURITY_NOFORCE_RLS.  The flag alone does not tell: it stays set in the
 * triggers that the action fires, which may write other people's tables.
 */
static bool
is_foreign_key_action(TriggerData *trigdata)
{
	return InNoForceRLSOperation() && is_owner(trigdata->tg_relation);
}

/*
 * Did the writer send a version?  It did if the SET list names the column; if
 * another trigger has set it, its word counts as the writer's.
 */
static bool
token_was_sent(const VersionColumn *column, TriggerData *trigdata,
			   const VersionChange *change)
{
	return bms_is_member(column->attnum - FirstLowInvalidHeapAttributeNumber,
						 trigdata->tg_updatedcols) ||
		!cc_version_equals(column, change->new, change->old);
}

/* Give an inserted row its first version, unless it brings one. */
static HeapTuple
stamp_inserted_row(const VersionPolicy *policy, TriggerData *trigdata)
{
	const VersionColumn *column = &policy->column;
	HeapTuple	row = trigdata->tg_trigtuple;
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);

	if (!cc_version_read(column, row, tupdesc).isnull)
		return row;

	return cc_version_write(column, row, tupdesc, cc_version_first(column));
}

/* Judge an updated row, and give it its next version. */
static HeapTuple
advance_updated_row(const VersionPolicy *policy, TriggerData *trigdata)
{
	const VersionColumn *column = &policy->column;
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	VersionChange change;

	change.old = cc_version_read(column, trigdata->tg_trigtuple, tupdesc);
	change.new = cc_version_read(column, trigdata->tg_newtuple, tupdesc);
	change.token_was_sent = token_was_sent(column, trigdata, &change);

	switch (cc_verdict(policy, &change))
	{
		case VERDICT_KEEP:
			return trigdata->tg_newtuple;
		case VERDICT_CONFLICT:
			cc_conflict_refuse(policy, trigdata, &change);
			break;
		case VERDICT_BLIND:
			if (policy->blind != BLIND_ALLOW && !is_foreign_key_action(trigdata))
				cc_conflict_blind(policy, trigdata, change.old);
			break;
		case VERDICT_BUMP:
			break;
	}
	return cc_version_write(column, trigdata->tg_newtuple, tupdesc,
							cc_version_next(column, change.old));
}

/*
 * version_trigger() RETURNS trigger
 *
 * Keeps the version column that the trigger's first argument names.
 */
Datum
version_trigger(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	const VersionPolicy *policy;

	check_protocol(fcinfo);
	policy = cc_policy_for_call(fcinfo);

	if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
		return PointerGetDatum(advance_updated_row(policy, trigdata));
	if (TRIGGER_FIRED_BY_INSERT(trigdata->tg_event))
		return PointerGetDatum(stamp_inserted_row(policy, trigdata));
	return PointerGetDatum(trigdata->tg_trigtuple);
}
