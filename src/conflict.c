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
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/ruleutils.h"
#include "utils/timestamp.h"

#include "catalog.h"
#include "conflict.h"
#include "handler.h"
#include "key.h"
#include "settings.h"
#include "statistics.h"

#define SQLSTATE_BLIND_WRITE MAKE_SQLSTATE('P', 'T', '4', '2', '8')
#define SQLSTATE_EDITED MAKE_SQLSTATE('P', 'T', '4', '2', '3')

/* Whom an error is about. */
typedef struct ConflictSubject
{
	Oid			home;			/* the table that the trigger was created on */
	Oid			root;			/* that trigger, of which a partition's is a
								 * clone */
	const char *column;			/* the version column */
	const char *trigger;
	bool		sends_later_time;	/* where no clock's increment is taken */
} ConflictSubject;

/* Add the columns of a primary key to those that a text shows. */
static Bitmapset *
add_key_columns(Bitmapset *shown, Relation index)
{
	for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
		shown = bms_add_member(shown, index->rd_index->indkey.values[i]);
	return shown;
}

/* Spell the key of the row that is written. */
static char *
describe_key(Relation index, TriggerData *trigdata)
{
	char	   *values[INDEX_MAX_KEYS];

	for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
		values[i] = SPI_getvalue(trigdata->tg_trigtuple,
								 RelationGetDescr(trigdata->tg_relation),
								 index->rd_index->indkey.values[i]);
	return cc_key_text(index, values);
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
	Relation	index = cc_key_open(trigdata->tg_relation);
	Bitmapset  *shown = bms_make_singleton(policy->column.place.attnum);
	char	   *row = "The row";

	if (index != NULL)
	{
		row = describe_key(index, trigdata);
		shown = add_key_columns(shown, index);
		index_close(index, AccessShareLock);
	}
	return may_be_shown(home, trigdata->tg_relation, shown) ? row : NULL;
}

/* Collect whom an error is about. */
static ConflictSubject
find_subject(Oid trigger, const char *trigger_name, const char *column)
{
	ConflictSubject subject = {
		.column = column,
		.trigger = trigger_name
	};

	subject.root = cc_catalog_root(trigger, &subject.home);
	if (!OidIsValid(subject.root))
		elog(ERROR, "could not find tuple for trigger %u", trigger);
	return subject;
}

/* The same, of the trigger that is called; the executor has its own copy. */
static ConflictSubject
subject_of_write(TriggerData *trigdata)
{
	const Trigger *trigger = trigdata->tg_trigger;

	return find_subject(trigger->tgoid, trigger->tgname, trigger->tgargs[0]);
}

/* Set a field, unless what it would name has been dropped meanwhile. */
static void
set_field(int field, const char *value)
{
	if (value)
		err_generic_string(field, value);
}

/*
 * Fill the fields by which clients tell one error from another.  Returns a
 * dummy value, as the functions that ereport() calls do.
 */
static int
errsubject(const ConflictSubject *subject)
{
	set_field(PG_DIAG_SCHEMA_NAME,
			  get_namespace_name(get_rel_namespace(subject->home)));
	set_field(PG_DIAG_TABLE_NAME, get_rel_name(subject->home));
	set_field(PG_DIAG_COLUMN_NAME, subject->column);
	set_field(PG_DIAG_CONSTRAINT_NAME, subject->trigger);
	return 0;
}

/* Tell a writer that the row has changed; in detail, unless that is NULL. */
static void
report_conflict(int elevel, const ConflictSubject *subject, const char *detail)
{
	ereport(elevel,
			(errcode(cc_conflict_sqlstate),
			 errmsg("stale write to table \"%s\": the row has changed since it was read",
					get_rel_name(subject->home)),
			 detail ? errdetail_internal("%s", detail) : 0,
			 subject->sends_later_time ?
			 errhint("Read the row again, reapply the change, and send its current version. A client that sends a later time, and checks the version in WHERE, needs protocol \"auto\" or \"increment\".") :
			 errhint("Read the row again, reapply the change, and send its current version."),
			 errsubject(subject)));
}

/* Count what is done with a write, and remember it. */
static void
count_write(const ConflictSubject *subject, StatisticsCounter deed, int sqlstate)
{
	cc_statistics_count(subject->root, deed);
	cc_statistics_remember(subject->root, deed, sqlstate);
}

/* The same of a stale one, which is a conflict whatever is done with it. */
static void
count_conflict(const ConflictSubject *subject, StatisticsCounter deed)
{
	if (deed != COUNT_CONFLICTS)
		cc_statistics_count(subject->root, COUNT_CONFLICTS);
	count_write(subject, deed, cc_conflict_sqlstate);
}

/* Say how the token and the row differ; NULL if the writer may not see it. */
static char *
describe_conflict(const VersionPolicy *policy, TriggerData *trigdata,
				  const VersionChange *change, Oid home)
{
	const VersionColumn *column = &policy->column;
	char	   *row = describe_row(policy, trigdata, home);
	char	   *current = cc_version_text(column, change->old);
	VersionValue token = change->new;

	if (row == NULL)
		return NULL;
	if (change->is_expected &&
		!cc_version_equals(column, change->old, change->expected))
		token = change->expected;
	else if (policy->protocol == PROTOCOL_INCREMENT)
		return psprintf("%s is at version %s, but the write sends version %s as the next one.",
						row, current, cc_version_text(column, token));
	return psprintf("%s is at version %s, but the write is based on version %s.",
					row, current, cc_version_text(column, token));
}

/* Does protocol "echo" refuse what another one takes for a clock's increment? */
static bool
sends_later_time(const VersionPolicy *policy, const VersionChange *change)
{
	return policy->protocol == PROTOCOL_ECHO && change->token_was_sent &&
		cc_version_follows(&policy->column, change->old, change->new) == TOKEN_FOLLOWS &&
		policy->column.kind->protocol == PROTOCOL_ECHO;
}

/* Refuse a handler's row that would take another row's place. */
static void
check_same_key(const VersionPolicy *policy, TriggerData *trigdata,
			   HeapTuple row)
{
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	Relation	index = cc_key_open(trigdata->tg_relation);

	if (index == NULL)
		return;
	for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
	{
		AttrNumber	attnum = index->rd_index->indkey.values[i];
		Form_pg_attribute att = TupleDescAttr(tupdesc, attnum - 1);
		bool		isnull;
		Datum		was = heap_getattr(trigdata->tg_trigtuple, attnum, tupdesc, &isnull);
		Datum		is = heap_getattr(row, attnum, tupdesc, &isnull);

		if (isnull || !datum_image_eq(is, was, att->attbyval, att->attlen))
			ereport(ERROR,
					(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
					 errmsg("conflict handler \"%s\" returned a row with another primary key",
							policy->handler),
					 errhint("Return the current or the attempted row, with the current one's primary key."),
					 errtable(trigdata->tg_relation)));
	}
	index_close(index, AccessShareLock);
}

/*
 * Leave to other triggers of ours the columns that they keep: they have bumped
 * them in the attempt, or are yet to judge the token there.
 */
static HeapTuple
keep_other_versions(const VersionPolicy *policy, TriggerData *trigdata,
					HeapTuple row)
{
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	int			attnum = -1;

	while ((attnum = bms_next_member(policy->others, attnum)) >= 0)
	{
		bool		isnull;
		Datum		version = heap_getattr(trigdata->tg_newtuple, attnum,
										   tupdesc, &isnull);

		row = heap_modify_tuple_by_cols(row, tupdesc, 1, &attnum, &version, &isnull);
	}
	return row;
}

/* Ask the table owner's function; a DELETE can only go on or not. */
static HeapTuple
ask_handler(const VersionPolicy *policy, TriggerData *trigdata,
			const ConflictSubject *subject)
{
	HeapTuple	row = cc_handler_call(policy->handler, subject->home, trigdata);

	if (row == NULL)
	{
		cc_statistics_count(subject->root, COUNT_SKIPPED);
		return NULL;
	}
	if (TRIGGER_FIRED_BY_DELETE(trigdata->tg_event))
		return trigdata->tg_trigtuple;
	check_same_key(policy, trigdata, row);
	return keep_other_versions(policy, trigdata, row);
}

/*
 * Do to a conflicting row what the policy says.  Returns the row to store,
 * whose version is still to be set, or the one to delete; NULL leaves the row
 * as it is.
 */
HeapTuple
cc_conflict_resolve(const VersionPolicy *policy, TriggerData *trigdata,
					const VersionChange *change)
{
	ConflictSubject subject = subject_of_write(trigdata);
	char	   *detail = NULL;

	if (policy->on_conflict != CONFLICT_CALL)
		detail = describe_conflict(policy, trigdata, change, subject.home);
	subject.sends_later_time = sends_later_time(policy, change);

	switch (policy->on_conflict)
	{
		case CONFLICT_ERROR:
			count_conflict(&subject, COUNT_CONFLICTS);
			report_conflict(ERROR, &subject, detail);
			break;
		case CONFLICT_SKIP:
			count_conflict(&subject, COUNT_SKIPPED);
			report_conflict(WARNING, &subject, detail);
			break;
		case CONFLICT_WARN:
			count_conflict(&subject, COUNT_WARNED);
			report_conflict(WARNING, &subject, detail);
			return TRIGGER_FIRED_BY_DELETE(trigdata->tg_event) ?
				trigdata->tg_trigtuple : trigdata->tg_newtuple;
		case CONFLICT_CALL:
			count_conflict(&subject, COUNT_HANDLED);
			return ask_handler(policy, trigdata, &subject);
	}
	return NULL;
}

/*
 * Tell whoever asserted a row's version that the row has another one.
 */
void
cc_conflict_assertion(const StaleAssertion *stale)
{
	ConflictSubject subject = find_subject(stale->attachment->trigger,
										   NameStr(stale->attachment->name),
										   stale->column_name);
	Bitmapset  *shown = bms_make_singleton(stale->column->place.attnum);
	char	   *detail = NULL;

	if (may_be_shown(subject.home, stale->rel, add_key_columns(shown, stale->index)))
		detail = psprintf("%s is at version %s, but the write is based on version %s.",
						  stale->key,
						  cc_version_text(stale->column, stale->current),
						  cc_version_text(stale->column, stale->asserted));
	count_conflict(&subject, COUNT_CONFLICTS);
	report_conflict(ERROR, &subject, detail);
}

/*
 * Say that a write names no version, and refuse it if that is the policy.
 */
void
cc_conflict_blind(const VersionPolicy *policy, TriggerData *trigdata,
				  VersionValue current)
{
	ConflictSubject subject = subject_of_write(trigdata);
	char	   *row = describe_row(policy, trigdata, subject.home);

	count_write(&subject, policy->blind == BLIND_REJECT ?
				COUNT_BLIND_REFUSED : COUNT_BLIND_WARNED, SQLSTATE_BLIND_WRITE);
	ereport(policy->blind == BLIND_REJECT ? ERROR : WARNING,
			(errcode(SQLSTATE_BLIND_WRITE),
			 errmsg("blind write to table \"%s\": it does not say which version of the row it is based on",
					get_rel_name(subject.home)),
			 row ? errdetail("%s is at version %s.", row,
							 cc_version_text(&policy->column, current)) : 0,
			 errhint("Read the row, and send its version with the change, or call concurrency.expect()."),
			 errsubject(&subject)));
}

/*
 * Say that somebody else edits the row, and refuse the write if that is the policy.
 */
void
cc_conflict_edited(const VersionPolicy *policy, TriggerData *trigdata,
				   const Edit *edit)
{
	ConflictSubject subject = subject_of_write(trigdata);
	char	   *row = describe_row(policy, trigdata, subject.home);
	char	   *since = pstrdup(timestamptz_to_str(edit->since));

	if (policy->edits == EDITS_REFUSE)
		count_write(&subject, COUNT_EDIT_REFUSED, SQLSTATE_EDITED);
	ereport(policy->edits == EDITS_REFUSE ? ERROR : WARNING,
			(errcode(SQLSTATE_EDITED),
			 errmsg("row of table \"%s\" is being edited by somebody else",
					get_rel_name(subject.home)),
			 row ? errdetail("%s is edited by \"%s\" since %s, until %s.", row,
							 edit->editor, since,
							 timestamptz_to_str(edit->expires)) : 0,
			 errhint("Wait until the edit ends, or, if it is your own, set concurrency.editor as concurrency.begin_edit() had it."),
			 errsubject(&subject)));
}

/*
 * Count a stale write that skip_check lets pass.
 */
void
cc_conflict_bypassed(TriggerData *trigdata)
{
	ConflictSubject subject = subject_of_write(trigdata);

	count_write(&subject, COUNT_BYPASSED, cc_conflict_sqlstate);
}

/*
 * Refuse a token that a clock has not reached yet, by far.
 */
void
cc_conflict_future(const VersionPolicy *policy, TriggerData *trigdata,
				   VersionValue token)
{
	ConflictSubject subject = subject_of_write(trigdata);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("version %s for table \"%s\" lies in the future",
					cc_version_text(&policy->column, token),
					get_rel_name(subject.home)),
			 errhint("Set the client's clock right, or send back the version that was read."),
			 errsubject(&subject)));
}

/*
 * Refuse a version, of a new row or of one that is to be bumped, that no other
 * could follow.
 */
void
cc_conflict_last(const VersionPolicy *policy, TriggerData *trigdata,
				 VersionValue last)
{
	ConflictSubject subject = subject_of_write(trigdata);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("no version can follow version %s of table \"%s\"",
					cc_version_text(&policy->column, last),
					get_rel_name(subject.home)),
			 errhint("Store the time of a write; where a row already has this version, with the trigger disabled."),
			 errsubject(&subject)));
}
