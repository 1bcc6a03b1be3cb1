/*-------------------------------------------------------------------------
 *
 * perform.c
 *	  Attaching a table as it was planned, and what is said of it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/heap.h"
#include "catalog/pg_class.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "alter.h"
#include "attachment.h"
#include "catalog.h"
#include "compat.h"
#include "default.h"
#include "handler.h"
#include "obstacle.h"
#include "perform.h"
#include "policy.h"

/* Refuse what has no triggers that see a row before it is written. */
static void
check_table(const AttachRequest *request)
{
	Relation	rel = cc_catalog_require(request->relid);
	char		relkind = rel->rd_rel->relkind;
	const char *name = RelationGetRelationName(rel);

	if (relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE &&
		relkind != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("cannot attach to \"%s\": it is not a table", name),
				 errdetail("Only tables, partitioned tables and foreign tables have triggers that see a row before it is written."),
				 errhint("Attach the tables behind a view: what is written through the view is then checked.")));
	if (request->relid < FirstNormalObjectId)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot attach to \"%s\": it is a system catalog", name),
				 errdetail("PostgreSQL fires no triggers for its own catalogs.")));
	if (SystemAttributeByName(request->column))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot attach to column \"%s\" of table \"%s\": it is a system column",
						request->column, name),
				 errhint("Name another column, which is added where it is missing.")));
}

/* Refuse a partition that has its parent's trigger. */
static void
check_parent(const AttachPlan *plan)
{
	const AttachRequest *request = plan->request;
	Relation	rel = PLAN_ROOT(plan)->rel;
	ListCell   *lc;

	foreach(lc, cc_attachment_triggers(rel, request->function, request->column))
	{
		const Trigger *trigger = lfirst(lc);
		Oid			parent;

		if (!trigger->tgisclone)
			continue;
		cc_catalog_root(trigger->tgoid, &parent);
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("cannot attach to partition \"%s\": its parent \"%s\" is attached, for all partitions",
						RelationGetRelationName(rel), get_rel_name(parent)),
				 errhint("To change the options, call concurrency.attach(%s, %s).",
						 quote_literal_cstr(cc_catalog_table(cc_catalog_require(parent))),
						 quote_literal_cstr(request->column))));
	}
}

/* Name the trigger that the member has when all is done. */
static const char *
name_trigger(const AttachPlan *plan, const AttachMember *member)
{
	if (!member->needs_trigger)
		member = PLAN_ROOT(plan);
	return member->trigger ? member->trigger->tgname :
		cc_attachment_name(plan->request->column);
}

/* Refuse to take the place of a trigger that is another column's, or not ours. */
static void
check_name(const AttachPlan *plan, const AttachMember *member)
{
	const char *name = name_trigger(plan, member);

	for (int i = 0; i < member->rel->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &member->rel->trigdesc->triggers[i];

		if (strcmp(trigger->tgname, name) == 0 &&
			!cc_attachment_keeps(trigger, plan->request->function, plan->request->column))
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_OBJECT),
					 errmsg("trigger \"%s\" for table \"%s\" already exists, and does not keep column \"%s\"",
							name, RelationGetRelationName(member->rel),
							plan->request->column),
					 errhint("Rename or drop that trigger.")));
	}
}

/* How does the trigger fire that the member has when all is done? */
static char
remaining_state(const AttachMember *home)
{
	return home->trigger ? home->trigger->tgenabled : TRIGGER_FIRES_ON_ORIGIN;
}

/*
 * Refuse to drop a trigger, of a partition or one of two, that differs from the
 * one that stays: what it says would be lost.
 */
static void
check_superfluous(const AttachPlan *plan, const AttachMember *member)
{
	const AttachMember *home = member->needs_trigger ? member : PLAN_ROOT(plan);
	ListCell   *lc;

	foreach(lc, member->superfluous)
	{
		const Trigger *trigger = lfirst(lc);
		TriggerOptions options = cc_options_of(trigger);

		if (!cc_options_equal(&options, &home->options) ||
			trigger->tgenabled != remaining_state(home))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("trigger \"%s\" of table \"%s\" has other options, or another state, than the one that is to keep column \"%s\"",
							trigger->tgname, RelationGetRelationName(member->rel),
							plan->request->column),
					 errhint("Attach both with the same options, or run: DROP TRIGGER %s ON %s;",
							 quote_identifier(trigger->tgname),
							 cc_catalog_table(member->rel))));
	}
}

/* Refuse a conflict handler that the caller, for one, could not call. */
static void
check_handler(const AttachMember *member)
{
	const char *handler = cc_options_handler(&member->options);

	if (handler)
		function_execute_check_compat(cc_handler_check(handler, member->rel),
									  GetUserId());
}

/* Raise the errors, if any, that a member's trigger would raise at the next write. */
static void
check_member(const AttachPlan *plan, const AttachMember *member)
{
	List	   *args = cc_options_write(&member->options, plan->request->column);
	char	  **argv = palloc(list_length(args) * sizeof(char *));

	for (int i = 0; i < list_length(args); i++)
		argv[i] = list_nth(args, i);

	check_name(plan, member);
	check_superfluous(plan, member);
	cc_policy_check(member->rel, plan->request->function, list_length(args), argv);
	if (member->needs_trigger)
		check_handler(member);
}

/* Say which column it is, unless that is known. */
static void
tell_of_column(const AttachPlan *plan, bool was_added)
{
	const AttachMember *root = PLAN_ROOT(plan);

	if (was_added)
		ereport(NOTICE,
				(errmsg("version column \"%s\" of type %s is added to table \"%s\"",
						plan->request->column, format_type_be(root->column->atttypid),
						RelationGetRelationName(root->rel))));
	else if (root->trigger == NULL &&
			 cc_attachment_domain_kind(root->column->atttypid, plan->request->function) == NULL)
		ereport(NOTICE,
				(errmsg("column \"%s\" of table \"%s\" is a version column from now on",
						plan->request->column, RelationGetRelationName(root->rel))));
}

/* Say what a change of kind changes, too. */
static void
tell_of_protocol(const AttachPlan *plan, const AttachMember *member)
{
	if (member->trigger == NULL || member->old_kind == NULL ||
		member->kind->protocol == member->old_kind->protocol ||
		member->options.text[OPTION_PROTOCOL] ||
		cc_options_of(member->trigger).text[OPTION_PROTOCOL])
		return;
	ereport(NOTICE,
			(errmsg("protocol of version column \"%s\" of table \"%s\" is \"%s\" now, as kind \"%s\" has it",
					plan->request->column, RelationGetRelationName(member->rel),
					cc_policy_protocol_name(member->kind->protocol), member->kind->name),
			 errhint("To keep it, name it: protocol => %s.",
					 quote_literal_cstr(cc_policy_protocol_name(member->old_kind->protocol)))));
}

/* Say what the trigger loses that is no option here: perhaps of a later release. */
static void
tell_of_unknown(const AttachMember *member)
{
	const Trigger *trigger = member->trigger;

	for (int i = 1; trigger && i < trigger->tgnargs; i++)
	{
		const char *value;

		if (cc_options_find(trigger->tgargs[i], &value) < 0)
			ereport(NOTICE,
					(errmsg("argument \"%s\" of trigger \"%s\" of table \"%s\" is no option, and is left out",
							trigger->tgargs[i], trigger->tgname,
							RelationGetRelationName(member->rel))));
	}
}

/* Say which triggers are dropped, because one is enough. */
static void
tell_of_superfluous(const AttachMember *member)
{
	ListCell   *lc;

	foreach(lc, member->superfluous)
		ereport(NOTICE,
				(member->needs_trigger ?
				 errmsg("trigger \"%s\" of table \"%s\" is dropped, as another one keeps the column",
						((const Trigger *) lfirst(lc))->tgname,
						RelationGetRelationName(member->rel)) :
				 errmsg("trigger \"%s\" of partition \"%s\" gives way to that of its parent",
						((const Trigger *) lfirst(lc))->tgname,
						RelationGetRelationName(member->rel))));
}

/* Warn of what a member is left without. */
static void
warn_of_member(const AttachPlan *plan, const AttachMember *member)
{
	const char *table = RelationGetRelationName(member->rel);

	if (member->lacks_handler)
		ereport(WARNING,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("table \"%s\" is attached without the conflict handler of its parent", table),
				 errdetail("Its conflicts raise errors."),
				 errhint("Create a function of that name that takes rows of this table, and attach it with on_conflict.")));
	if (strcmp(member->kind->name, "counter") != 0 && !member->sets_default &&
		cc_default_of(member->column).is_constant)
		ereport(WARNING,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("default of version column \"%s\" of table \"%s\" is a constant",
						plan->request->column, table),
				 errdetail("A row that is inserted again has an old version."),
				 errhint("Run: ALTER TABLE ONLY %s ALTER COLUMN %s SET DEFAULT %s;",
						 cc_catalog_table(member->rel),
						 quote_identifier(plan->request->column),
						 member->kind->column_default)));
}

/*
 * Refuse to add a column that a child has of its own: it would lose its default,
 * and to make it NOT NULL, PostgreSQL computes the constants in the child's
 * constraints, with the caller's rights.
 */
static void
check_new_column(const AttachPlan *plan)
{
	ListCell   *lc;

	foreach(lc, plan->members)
	{
		const AttachMember *member = lfirst(lc);

		if (member->column)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("cannot add column \"%s\" to table \"%s\": its child \"%s\" has one of its own",
							plan->request->column,
							RelationGetRelationName(PLAN_ROOT(plan)->rel),
							RelationGetRelationName(member->rel)),
					 errhint("Add the column by ALTER TABLE, and attach the table again.")));
	}
}

/* Add the column, and make the plan of what there is then. */
static AttachPlan *
add_column(const AttachPlan *plan)
{
	const char *column = plan->request->column;
	const AttachMember *root = PLAN_ROOT(plan);

	check_new_column(plan);
	cc_alter_add_column(root->rel, column, root->kind);
	cc_alter_set_default(root->rel, column, root->kind->column_default, true);
	return cc_plan_make(plan->request);
}

/* Set the default, drop what is superfluous, and create the trigger. */
static void
alter_member(const AttachPlan *plan, const AttachMember *member)
{
	const char *column = plan->request->column;

	if (member->sets_default)
		cc_alter_set_default(member->rel, column, member->kind->column_default, false);
	if (member->needs_trigger)
		cc_alter_create_trigger(member->rel, name_trigger(plan, member),
								cc_options_write(&member->options, column),
								&member->options);
}

/* Drop the triggers that would be in the way. */
static void
drop_superfluous(const AttachMember *member)
{
	ListCell   *lc;

	foreach(lc, member->superfluous)
		cc_alter_drop_trigger(member->rel, ((const Trigger *) lfirst(lc))->tgname);
}

/* List those triggers of a member that stay: its own, or its parent's. */
static List *
remaining_triggers(const AttachPlan *plan, const AttachMember *member)
{
	return list_difference_ptr(cc_attachment_triggers(member->rel, plan->request->function,
													  plan->request->column),
							   member->superfluous);
}

/* Do what is planned. */
static void
perform_plan(const AttachPlan *plan)
{
	ListCell   *lc;

	foreach(lc, plan->members)
		drop_superfluous(lfirst(lc));
	foreach(lc, plan->members)
		alter_member(plan, lfirst(lc));
	foreach(lc, plan->members)
		cc_alter_restore_states(((AttachMember *) lfirst(lc))->rel,
								remaining_triggers(plan, lfirst(lc)));
}

/*
 * Attach a table with its tree.  Returns the name of its trigger, in the
 * current memory context.
 */
const char *
cc_perform_attach(const AttachRequest *request)
{
	AttachPlan *plan;
	bool		adds_column;
	ListCell   *lc;

	check_table(request);
	plan = cc_plan_lock(request);
	adds_column = plan->adds_column;
	check_parent(plan);
	cc_obstacle_check(request->relid, request->column);
	if (adds_column)
		plan = add_column(plan);
	foreach(lc, plan->members)
		check_member(plan, lfirst(lc));

	tell_of_column(plan, adds_column);
	foreach(lc, plan->members)
	{
		tell_of_protocol(plan, lfirst(lc));
		tell_of_unknown(lfirst(lc));
		tell_of_superfluous(lfirst(lc));
		warn_of_member(plan, lfirst(lc));
	}
	perform_plan(plan);
	return name_trigger(plan, PLAN_ROOT(plan));
}
