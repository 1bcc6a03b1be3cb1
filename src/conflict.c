/*-------------------------------------------------------------------------
 *
 * conflict.c
 *	  What happens to a write that does not fit the row: the errors, their
 *	  wording, and who may see which values in them.
 *
 * Nothing here is reached by a write that is accepted, so everything may
 * look things up.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/ruleutils.h"

#include "conflict.h"
#include "settings.h"

#define SQLSTATE_BLIND_WRITE MAKE_SQLSTATE('P', 'T', '4', '2', '8')

/*
 * Find the table that the trigger was created on: partitions have clones of
 * their parent's trigger, which is the one that people know.
 */
static Oid
find_home(Oid tgoid)
{
	Relation	pg_trigger = table_open(TriggerRelationId, AccessShareLock);
	Oid			home = InvalidOid;

	while (OidIsValid(tgoid))
	{
		ScanKeyData key;
		SysScanDesc scan;
		HeapTuple	tuple;
		Form_pg_trigger form;

		ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber,
					F_OIDEQ, ObjectIdGetDatum(tgoid));
		scan = systable_beginscan(pg_trigger, TriggerOidIndexId, true, NULL,
								  1, &key);
		tuple = systable_getnext(scan);
		if (!HeapTupleIsValid(tuple))
			elog(ERROR, "could not find tuple for trigger %u", tgoid);

		form = (Form_pg_trigger) GETSTRUCT(tuple);
		home = form->tgrelid;
		tgoid = form->tgparentid;
		systable_endscan(scan);
	}

	table_close(pg_trigger, AccessShareLock);
	return home;
}

/* Return the primary key's index, locked, or NULL where there is none. */
static Relation
open_primary_key(Relation rel)
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
 * Spell the row's key as core's messages do: "Key (a, b)=(1, 2)".  Adds the
 * key's columns to those that the text shows.
 */
static char *
describe_key(Relation index, TriggerData *trigdata, Bitmapset **shown)
{
	StringInfoData key;
	int			nkeys = IndexRelationGetNumberOfKeyAttributes(index);

	initStringInfo(&key);
	appendStringInfo(&key, "Key (%s)=(",
					 pg_get_indexdef_columns(RelationGetRelid(index), true));
	for (int i = 0; i < nkeys; i++)
	{
		AttrNumber	attnum = index->rd_index->indkey.values[i];
		char	   *value = SPI_getvalue(trigdata->tg_trigtuple,
										 RelationGetDescr(trigdata->tg_relation),
										 attnum);

		*shown = bms_add_member(*shown, attnum);
		appendStringInfo(&key, "%s%s", i > 0 ? ", " : "",
						 value ? value : "null");
	}
	appendStringInfoChar(&key, ')');
	return key.data;
}

/*
 * May the current user read these columns in every row?  The rule of core's
 * ri_ReportViolation, asked of the table that people know: the privileges on
 * a partition do not matter to somebody who writes through its parent, and
 * the columns may have other numbers there.
 */
static bool
may_be_shown(Oid home, Relation rel, Bitmapset *columns)
{
	int			attnum = -1;

	if (check_enable_rls(home, InvalidOid, true) == RLS_ENABLED ||
		check_enable_rls(RelationGetRelid(rel), InvalidOid, true) == RLS_ENABLED)
		return false;
	if (pg_class_aclcheck(home, GetUserId(), ACL_SELECT) == ACLCHECK_OK)
		return true;

	while ((attnum = bms_next_member(columns, attnum)) >= 0)
	{
		char	   *name = get_attname(RelationGetRelid(rel), attnum, false);

		if (pg_attribute_aclcheck(home, get_attnum(home, name), GetUserId(),
								  ACL_SELECT) != ACLCHECK_OK)
			return false;
	}
	return true;
}

/*
 * Begin a detail with the row's key, if it has one.  NULL if the current user
 * may not see the key, or the version that the rest of the detail tells.
 */
static char *
describe_row(const VersionPolicy *policy, TriggerData *trigdata, Oid home)
{
	Relation	index = open_primary_key(trigdata->tg_relation);
	Bitmapset  *shown = bms_make_singleton(policy->column.attnum);
	char	   *row = "The row";

	if (index != NULL)
	{
		row = describe_key(index, trigdata, &shown);
		index_close(index, AccessShareLock);
	}
	return may_be_shown(home, trigdata->tg_relation, shown) ? row : NULL;
}

/*
 * Fill the fields by which clients tell one error from another.  Returns a
 * dummy value, as the functions that ereport() calls do.
 */
static int
errfields_version(const VersionPolicy *policy, TriggerData *trigdata, Oid home)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(trigdata->tg_relation),
										  policy->column.attnum - 1);

	err_generic_string(PG_DIAG_SCHEMA_NAME,
					   get_namespace_name(get_rel_namespace(home)));
	err_generic_string(PG_DIAG_TABLE_NAME, get_rel_name(home));
	err_generic_string(PG_DIAG_COLUMN_NAME, NameStr(att->attname));
	err_generic_string(PG_DIAG_CONSTRAINT_NAME, trigdata->tg_trigger->tgname);
	return 0;
}

/*
 * Say how the token and the row differ.  Returns a dummy value, as the
 * functions that ereport() calls do.
 */
static int
errdetail_conflict(const VersionPolicy *policy, const VersionChange *change,
				   const char *row)
{
	char	   *current = cc_version_text(&policy->column, change->old);
	char	   *sent = cc_version_text(&policy->column, change->new);

	if (policy->protocol == PROTOCOL_INCREMENT)
		return errdetail("%s is at version %s, but the write sends version %s as the next one.",
						 row, current, sent);
	return errdetail("%s is at version %s, but the write is based on version %s.",
					 row, current, sent);
}

/*
 * Refuse a write whose token does not fit the row.
 */
void
cc_conflict_refuse(const VersionPolicy *policy, TriggerData *trigdata,
				   const VersionChange *change)
{
	Oid			home = find_home(trigdata->tg_trigger->tgoid);
	char	   *row = describe_row(policy, trigdata, home);

	ereport(ERROR,
			(errcode(cc_conflict_sqlstate),
			 errmsg("stale write to table \"%s\": the row has changed since it was read",
					get_rel_name(home)),
			 row ? errdetail_conflict(policy, change, row) : 0,
			 errhint("Read the row again, reapply the change, and send its current version."),
			 errfields_version(policy, trigdata, home)));
}

/*
 * Say that a write names no version, and refuse it if that is the policy.
 */
void
cc_conflict_blind(const VersionPolicy *policy, TriggerData *trigdata,
				  VersionValue current)
{
	Oid			home = find_home(trigdata->tg_trigger->tgoid);
	char	   *row = describe_row(policy, trigdata, home);

	ereport(policy->blind == BLIND_REJECT ? ERROR : WARNING,
			(errcode(SQLSTATE_BLIND_WRITE),
			 errmsg("blind write to table \"%s\": it does not say which version of the row it is based on",
					get_rel_name(home)),
			 row ? errdetail("%s is at version %s.", row,
							 cc_version_text(&policy->column, current)) : 0,
			 errhint("Read the row, and send its version with the change."),
			 errfields_version(policy, trigdata, home)));
}
