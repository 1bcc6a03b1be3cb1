/*-------------------------------------------------------------------------
 *
 * monitor.c
 *	  What has been counted, in SQL: trigger_statistics(), of which the view
 *	  statistics is made, recent_conflicts() and reset_statistics().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "argument.h"
#include "attachment.h"
#include "catalog.h"
#include "compat.h"
#include "statistics.h"

PG_FUNCTION_INFO_V1(trigger_statistics);
PG_FUNCTION_INFO_V1(recent_conflicts);
PG_FUNCTION_INFO_V1(reset_statistics);

/* What was done with a write, as people read it. */
static const char *const deeds[] = {
	[COUNT_CONFLICTS] = "refused",
	[COUNT_SKIPPED] = "skipped",
	[COUNT_WARNED] = "warned",
	[COUNT_HANDLED] = "handled",
	[COUNT_BLIND_WARNED] = "blind write warned",
	[COUNT_BLIND_REFUSED] = "blind write refused",
	[COUNT_EDIT_REFUSED] = "edit refused",
	[COUNT_BYPASSED] = "bypassed"
};

/* Say so where there are no statistics. */
static bool
statistics_are_kept(void)
{
	if (cc_statistics_are_kept())
		return true;
	ereport(NOTICE,
			(errmsg("statistics are not kept by this server"),
			 errhint("Before PostgreSQL 17, add \"concurrency\" to shared_preload_libraries, and restart it.")));
	return false;
}

/* Fill in a time, which is null where there is none. */
static void
set_time(Datum *value, bool *isnull, TimestampTz time)
{
	*value = TimestampTzGetDatum(time);
	*isnull = time == 0;
}

/* Does the caller read the statistics of whomever? */
static bool
reads_all(void)
{
	return has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
}

/* Has the caller any privilege on a trigger's table?  Not where it is gone. */
static bool
may_read(Oid trigger)
{
	Oid			relid;

	if (!OidIsValid(trigger))
		return reads_all();
	return OidIsValid(cc_catalog_root(trigger, &relid)) &&
		(reads_all() ||
		 pg_class_aclcheck(relid, GetUserId(), ACL_ALL_RIGHTS_RELATION) == ACLCHECK_OK ||
		 pg_attribute_aclcheck_all(relid, GetUserId(), ACL_ALL_RIGHTS_COLUMN,
								   ACLMASK_ANY) == ACLCHECK_OK);
}

/* Return what was counted of one trigger. */
static void
return_statistics(ReturnSetInfo *rsinfo, const TriggerStatistics *statistics)
{
	Datum		values[COUNTER_COUNT + 3] = {ObjectIdGetDatum(statistics->trigger)};
	bool		nulls[COUNTER_COUNT + 3] = {!OidIsValid(statistics->trigger)};

	for (int i = 0; i < COUNTER_COUNT; i++)
		values[1 + i] = Int64GetDatum(statistics->counts[i]);
	set_time(&values[COUNTER_COUNT + 1], &nulls[COUNTER_COUNT + 1],
			 statistics->last_conflict);
	set_time(&values[COUNTER_COUNT + 2], &nulls[COUNTER_COUNT + 2],
			 statistics->stats_reset);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/*
 * trigger_statistics() RETURNS SETOF record
 *
 * What was counted of each trigger of this database whose table the caller has any
 * privilege on, and, without a trigger, of those that had no room.
 */
Datum
trigger_statistics(PG_FUNCTION_ARGS)
{
	TriggerStatistics *statistics;
	int			count = 0;

	InitMaterializedSRF(fcinfo, 0);
	if (statistics_are_kept())
		count = cc_statistics_read(&statistics);
	for (int i = 0; i < count; i++)
	{
		if (may_read(statistics[i].trigger))
			return_statistics((ReturnSetInfo *) fcinfo->resultinfo, &statistics[i]);
	}
	return (Datum) 0;
}

/* Return a write that was refused, or let through, to who may read of it. */
static void
return_conflict(ReturnSetInfo *rsinfo, const RecentConflict *conflict)
{
	Trigger		trigger;
	Oid			relid;
	Datum		values[7];
	bool		nulls[lengthof(values)] = {false};

	if (conflict->database != MyDatabaseId)
		return;
	relid = cc_catalog_find_trigger(conflict->trigger, &trigger);
	if (!OidIsValid(relid) ||
		!(reads_all() || class_ownercheck_compat(relid, GetUserId())))
		return;
	values[0] = TimestampTzGetDatum(conflict->time);
	values[1] = ObjectIdGetDatum(relid);
	values[2] = DirectFunctionCall1(namein, CStringGetDatum(trigger.tgargs[0]));
	values[3] = DirectFunctionCall1(pg_get_userbyid, ObjectIdGetDatum(conflict->roleid));
	values[4] = CStringGetTextDatum(NameStr(conflict->application_name));
	values[5] = CStringGetTextDatum(unpack_sql_state(conflict->sqlstate));
	values[6] = CStringGetTextDatum(deeds[conflict->what]);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/*
 * recent_conflicts() RETURNS TABLE (time, table_name, column_name, role_name,
 *									 application_name, sqlstate, done)
 *
 * The last writes of this database that were refused, or let through on purpose,
 * the newest first, of tables that the caller owns.
 */
Datum
recent_conflicts(PG_FUNCTION_ARGS)
{
	RecentConflict *recent = palloc(RECENT_CONFLICTS * sizeof(RecentConflict));
	int			count = 0;

	InitMaterializedSRF(fcinfo, 0);
	if (statistics_are_kept())
		count = cc_statistics_read_recent(recent);
	for (int i = 0; i < count; i++)
		return_conflict((ReturnSetInfo *) fcinfo->resultinfo, &recent[i]);
	return (Datum) 0;
}

/* Reset the statistics of a table's triggers; only its owner may. */
static void
reset_table(FunctionCallInfo fcinfo)
{
	Relation	rel = cc_catalog_require(PG_GETARG_OID(0));
	ListCell   *lc;

	cc_catalog_check_owner(rel);
	foreach(lc, cc_attachment_triggers(rel, cc_attachment_function(fcinfo), NULL))
	{
		const Trigger *trigger = lfirst(lc);

		if (!trigger->tgisclone)
			cc_statistics_reset(trigger->tgoid);
	}
}

/*
 * reset_statistics(table_name regclass) RETURNS void
 *
 * Have the statistics of a table, or of all tables of this database, begin anew.
 */
Datum
reset_statistics(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) && !superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be superuser to reset the statistics of all tables"),
				 errhint("The owner of a table may reset those of the table.")));
	if (!statistics_are_kept())
		PG_RETURN_VOID();
	if (PG_ARGISNULL(0))
		cc_statistics_reset(InvalidOid);
	else
		reset_table(fcinfo);
	PG_RETURN_VOID();
}
