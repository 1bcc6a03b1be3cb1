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
#include "catalog/pg_type_d.h"
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
	char		relkind = get_rel_relkind(request->relid);
	char	   *name = get_rel_name(request->relid);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u does not exist", request->relid)));
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
	TriggerDesc *triggers = plan->root->rel->trigdesc;

	for (int i = 0; i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];
		Oid			parent;

		if (!trigger->tgisclone ||
			!cc_attachment_keeps(trigger, request->function, request->column))
			continue;
		cc_catalog_root(trigger->tgoid, &parent);
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("cannot attach to partition \"%s\": its parent \"%s\" is attached, for all partitions",
						RelationGetRelationName(plan->root->rel), get_rel_name(parent)),
				 errhint("To change the options, call concurrency.attach(%s, %s).",
						 quote_literal_cstr(cc_catalog_table(parent)),
						 quote_literal_cstr(request->column))));
	}
}

/* Name the trigger of a member that has its own. */
static char *
name_trigger(const AttachPlan *plan, const AttachMember *member)
{
	return member->trigger ? member->trigger->tgname :
		cc_attachment_name(plan->request->column);
}

/* Refuse to take the place of a trigger that is another column's, or not ours. */
static void
check_name(const AttachPlan *plan, const AttachMember *member, const char *name)
{
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

/* Refuse a trigger of a partition that differs from the one that takes its place. */
static void
check_gives_way(const AttachPlan *plan, const AttachMember *member)
{
	TriggerOptions options;

	if (member->has_own_trigger || member->trigger == NULL)
		return;
	options = cc_plan_read_options(member->trigger);
	if (!cc_options_equal(&options, &plan->root->options))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("partition \"%s\" is attached with other options than its parent \"%s\" is to have",
						RelationGetRelationName(member->rel),
						RelationGetRelationName(plan->root->rel)),
				 errhint("Attach both with the same options, or run: SELECT concurrency.detach(%s, %s);",
						 quote_literal_cstr(cc_catalog_table(member->rel->rd_id)),
						 quote_literal_cstr(plan->request->column))));
	ereport(NOTICE,
			(errmsg("trigger \"%s\" of partition \"%s\" gives way to that of its parent \"%s\"",
					member->trigger->tgname,
					RelationGetRelationName(member->rel),
					RelationGetRelationName(plan->root->rel))));
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

/* Raise the errors, if any, that the triggers would raise at the next write. */
static void
check_members(const AttachPlan *plan)
{
	char	   *name = name_trigger(plan, plan->root);
	ListCell   *lc;

	foreach(lc, plan->members)
	{
		AttachMember *member = lfirst(lc);
		List	   *args = cc_options_write(&member->options, plan->request->column);
		char	  **argv = palloc(list_length(args) * sizeof(char *));

		if (member->has_own_trigger)
			name = name_trigger(plan, member);
		check_name(plan, member, name);
		check_gives_way(plan, member);
		for (int i = 0; i < list_length(args); i++)
			argv[i] = list_nth(args, i);
		if (member->has_own_trigger)
		{
			cc_policy_check(member->rel, plan->request->function,
							list_length(args), argv);
			check_handler(member);
		}
	}
}

/* Say which column it is, unless that is known. */
static void
tell_of_column(const AttachPlan *plan, bool was_added)
{
	const char *table = RelationGetRelationName(plan->root->rel);
	Form_pg_attribute column = plan->root->column;

	if (was_added)
		ereport(NOTICE,
				(errmsg("version column \"%s\" of type %s is added to table \"%s\"",
						plan->request->column, format_type_be(column->atttypid), table)));
	else if (plan->root->trigger == NULL &&
			 get_typtype(column->atttypid) != TYPTYPE_DOMAIN)
		ereport(NOTICE,
				(errmsg("column \"%s\" of table \"%s\" is its version column from now on",
						plan->request->column, table)));
}

/* Say what a change of kind changes, too. */
static void
tell_of_protocol(const AttachPlan *plan)
{
	if (plan->old_kind == NULL || plan->kind == plan->old_kind ||
		plan->kind->protocol == plan->old_kind->protocol ||
		plan->root->options.text[OPTION_PROTOCOL] ||
		cc_plan_read_options(plan->root->trigger).text[OPTION_PROTOCOL])
		return;
	ereport(NOTICE,
			(errmsg("protocol of version column \"%s\" is \"%s\" now, as kind \"%s\" has it",
					plan->request->column,
					cc_policy_protocol_name(plan->kind->protocol), plan->kind->name),
			 errhint("To keep it, name it: protocol => %s.",
					 quote_literal_cstr(cc_policy_protocol_name(plan->old_kind->protocol)))));
}

/* Warn of what a member is left without. */
static void
warn_of_member(const AttachPlan *plan, const AttachMember *member)
{
	const char *table = RelationGetRelationName(member->rel);

	if (member->lacks_handler)
		ereport(WARNING,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("table \"%s\" is attached without the conflict handler of its parent: conflicts raise errors",
						table),
				 errhint("Create a function of that name that takes rows of this table, and attach it with on_conflict.")));
	if (strcmp(plan->kind->name, "counter") != 0 && !member->sets_default &&
		cc_default_of(member->column).is_constant)
		ereport(WARNING,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("default of version column \"%s\" of table \"%s\" is a constant: a row that is inserted again has an old version",
						plan->request->column, table),
				 errhint("Run: ALTER TABLE ONLY %s ALTER COLUMN %s SET DEFAULT %s;",
						 cc_catalog_table(member->rel->rd_id),
						 quote_identifier(plan->request->column),
						 plan->kind->column_default)));
}

/* Set the defaults, drop what is superfluous, and create the triggers. */
static void
alter_members(const AttachPlan *plan)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, plan->members)
	{
		const AttachMember *member = lfirst(lc);

		if (member->sets_default)
			cc_alter_set_default(member->rel->rd_id, plan->request->column,
								 plan->kind->column_default);
		foreach(lc2, member->superfluous)
			cc_alter_drop_trigger(member->rel->rd_id,
								  ((const Trigger *) lfirst(lc2))->tgname);
	}
	foreach(lc, plan->members)
	{
		const AttachMember *member = lfirst(lc);

		if (member->has_own_trigger)
			cc_alter_create_trigger(member->rel->rd_id, name_trigger(plan, member),
									cc_options_write(&member->options, plan->request->column),
									&member->options);
	}
}

/* Have the triggers, those of partitions included, fire when they did before. */
static void
restore_states(const AttachPlan *plan)
{
	ListCell   *lc;

	foreach(lc, plan->members)
	{
		const AttachMember *member = lfirst(lc);
		TriggerDesc *triggers = member->rel->trigdesc;

		for (int i = 0; i < triggers->numtriggers; i++)
		{
			const Trigger *trigger = &triggers->triggers[i];

			if (trigger->tgenabled != TRIGGER_FIRES_ON_ORIGIN &&
				cc_attachment_keeps(trigger, plan->request->function, plan->request->column) &&
				!list_member_ptr(member->superfluous, trigger))
				cc_alter_set_state(member->rel->rd_id, trigger->tgname,
								   trigger->tgenabled);
		}
	}
}

/*
 * Attach a table with its tree.  Returns the name of its trigger, in the
 * current memory context.
 */
char *
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
	{
		cc_alter_add_column(request->relid, request->column, plan->kind);
		plan = cc_plan_make(request);
	}
	check_members(plan);
	tell_of_column(plan, adds_column);
	tell_of_protocol(plan);
	foreach(lc, plan->members)
		warn_of_member(plan, lfirst(lc));
	alter_members(plan);
	restore_states(plan);
	return name_trigger(plan, plan->root);
}
