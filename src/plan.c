/*-------------------------------------------------------------------------
 *
 * plan.c
 *	  What is to be done to attach a table.
 *
 * The plan is made twice: without a lock, to know which lock it takes, and once
 * more when that is there.  It is made of the catalogs as they are now, at every
 * isolation level.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/catalog.h"
#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "attachment.h"
#include "catalog.h"
#include "compat.h"
#include "default.h"
#include "handler.h"
#include "plan.h"
#include "policy.h"
#include "tree.h"
#include "version.h"

/* Find the column; NULL where there is none. */
static Form_pg_attribute
find_column(Relation rel, const char *name)
{
	int			attnum = SPI_fnumber(RelationGetDescr(rel), name);

	return attnum > 0 ? TupleDescAttr(RelationGetDescr(rel), attnum - 1) : NULL;
}

/*
 * Describe a member: of two triggers that keep the column, the last one stays;
 * of a partition below the table, none does.
 */
static AttachMember *
make_member(AttachPlan *plan, Relation rel)
{
	AttachMember *member = palloc0(sizeof(AttachMember));
	bool		is_root = rel->rd_id == plan->request->relid;

	member->rel = rel;
	member->column = find_column(rel, plan->request->column);
	member->has_own_trigger = is_root || !rel->rd_rel->relispartition;
	for (int i = 0; i < rel->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &rel->trigdesc->triggers[i];

		if (trigger->tgisclone || !cc_attachment_keeps(trigger, plan->request->function, plan->request->column))
			continue;
		if (member->trigger)
			member->superfluous = lappend(member->superfluous, (void *) member->trigger);
		member->trigger = trigger;
	}
	if (!member->has_own_trigger && member->trigger)
		member->superfluous = lappend(member->superfluous, (void *) member->trigger);
	return member;
}

/* Raise an error where one of two options is named, and the other is set. */
static void
check_exclusion(const AttachRequest *request, const TriggerOptions *base,
				TriggerOption named, TriggerOption other)
{
	if (request->text[named] == NULL || *request->text[named] == '\0' ||
		base->text[other] == NULL || request->text[other] != NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" cannot be set for table \"%s\" while \"%s\" is",
					cc_option_names[named], get_rel_name(request->relid),
					cc_option_names[other]),
			 errhint("Name %s => '' as well, to take that away.",
					 cc_option_names[other])));
}

/* Change what a request names. */
static TriggerOptions
merge_options(const AttachRequest *request, TriggerOptions options)
{
	check_exclusion(request, &options, OPTION_WATCH, OPTION_IGNORE);
	check_exclusion(request, &options, OPTION_IGNORE, OPTION_WATCH);
	for (int i = 0; i < OPTION_COUNT; i++)
	{
		if (request->text[i])
			options.text[i] = *request->text[i] ? request->text[i] : NULL;
	}
	if (request->names_guard_delete)
		options.guard_delete = request->guard_delete;
	if (request->names_stamp_insert)
		options.stamp_insert = request->stamp_insert;
	return options;
}

/*
 * Read the options of a trigger.
 */
TriggerOptions
cc_plan_read_options(const Trigger *trigger)
{
	return cc_options_read(trigger->tgnargs, trigger->tgargs, trigger->tgtype);
}

/* Find the options of the first parent that has the column attached. */
static bool
read_parents_options(const AttachRequest *request, TriggerOptions *options)
{
	ListCell   *lc;

	foreach(lc, cc_tree_parents(request->relid))
	{
		Relation	parent = cc_catalog_relation(lfirst_oid(lc));

		for (int i = 0; parent && i < parent->trigdesc->numtriggers; i++)
		{
			if (cc_attachment_keeps(&parent->trigdesc->triggers[i], request->function, request->column))
			{
				*options = cc_plan_read_options(&parent->trigdesc->triggers[i]);
				return true;
			}
		}
	}
	return false;
}

/* Is the column of our domain for clocks, which is a bigint otherwise? */
static bool
is_clock_version(const AttachRequest *request, const AttachMember *member)
{
	return member->column &&
		member->column->atttypid == GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
													CStringGetDatum("clock_version"),
													ObjectIdGetDatum(get_func_namespace(request->function)));
}

/* Choose the options of the table itself. */
static void
choose_root_options(AttachPlan *plan)
{
	AttachMember *root = plan->root;
	TriggerOptions base = {.stamp_insert = true};

	if (root->trigger)
		base = cc_plan_read_options(root->trigger);
	else if (!plan->request->as_parent || !read_parents_options(plan->request, &base))
	{
		if (is_clock_version(plan->request, root))
			base.text[OPTION_KIND] = "clock";
	}
	root->options = merge_options(plan->request, base);
}

/* Leave out a handler that was not named for this table, and does not take its rows. */
static void
fit_handler(const AttachPlan *plan, AttachMember *member, bool was_named)
{
	const char *handler = cc_options_handler(&member->options);

	if (handler && !was_named && !cc_handler_fits(handler, member->rel))
	{
		member->options.text[OPTION_ON_CONFLICT] = NULL;
		member->lacks_handler = true;
	}
}

/* Choose what a child keeps, or has from the table. */
static void
choose_child_options(AttachPlan *plan, AttachMember *member)
{
	member->options = plan->root->options;
	if (member->has_own_trigger && member->trigger)
		member->options = merge_options(plan->request, cc_plan_read_options(member->trigger));
	if (member->has_own_trigger)
		fit_handler(plan, member, false);
}

/*
 * Does the member get a new default?  Where no trigger fills the column, and
 * where the one that is there was the old kind's.
 */
static bool
wants_default(const AttachPlan *plan, const AttachMember *member)
{
	ColumnDefault found;

	if (member->column == NULL || plan->kind == NULL)
		return false;
	found = cc_default_of(member->column);
	if (!found.is_there)
		return !member->options.stamp_insert;
	return plan->old_kind && found.kind == plan->old_kind &&
		plan->kind != plan->old_kind;
}

/* Find the kind of the column, or of the one that is to be added. */
static const VersionKind *
find_kind(const char *name, const AttachMember *member)
{
	if (member->column)
		return cc_version_kind(name, getBaseType(member->column->atttypid));
	for (const VersionKind *kind = cc_version_kinds; kind->name; kind++)
	{
		if (name ? strcmp(kind->name, name) == 0 : kind->is_default)
			return kind;
	}
	return NULL;
}

/*
 * Look at all members, and decide.  The plan is in the current memory context.
 */
AttachPlan *
cc_plan_make(const AttachRequest *request)
{
	AttachPlan *plan = palloc0(sizeof(AttachPlan));
	bool		is_foreign = false;
	ListCell   *lc;

	plan->request = request;
	foreach(lc, cc_tree_members(request->relid))
	{
		Relation	rel = cc_catalog_relation(lfirst_oid(lc));

		if (rel == NULL)
			continue;
		plan->members = lappend(plan->members, make_member(plan, rel));
		is_foreign |= rel->rd_rel->relkind == RELKIND_FOREIGN_TABLE;
	}
	if (plan->members == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u does not exist", request->relid)));

	plan->root = linitial(plan->members);
	choose_root_options(plan);
	fit_handler(plan, plan->root, !request->as_parent || plan->root->trigger);
	plan->kind = find_kind(plan->root->options.text[OPTION_KIND], plan->root);
	if (plan->root->trigger && plan->root->column)
		plan->old_kind = find_kind(cc_plan_read_options(plan->root->trigger).text[OPTION_KIND],
								   plan->root);
	plan->adds_column = request->add_column && plan->root->column == NULL &&
		plan->kind && *request->column && !is_foreign;
	for_each_from(lc, plan->members, 1)
		choose_child_options(plan, lfirst(lc));
	foreach(lc, plan->members)
		((AttachMember *) lfirst(lc))->sets_default = wants_default(plan, lfirst(lc));
	return plan;
}

/* Does a trigger of the column's fire in another way than usual? */
static bool
has_special_state(const AttachRequest *request, const Trigger *trigger)
{
	return cc_attachment_keeps(trigger, request->function, request->column) &&
		trigger->tgenabled != TRIGGER_FIRES_ON_ORIGIN;
}

/* Does the plan alter the table, which takes more than a trigger does? */
static bool
alters_table(const AttachPlan *plan)
{
	ListCell   *lc;

	if (plan->adds_column)
		return true;
	foreach(lc, plan->members)
	{
		const AttachMember *member = lfirst(lc);

		if (member->sets_default || member->superfluous)
			return true;
	}
	return false;
}

/* Does it take an owner, by its lock or to keep a trigger disabled? */
static bool
takes_owner(const AttachPlan *plan)
{
	ListCell   *lc;

	if (alters_table(plan))
		return true;
	foreach(lc, plan->members)
	{
		TriggerDesc *triggers = ((AttachMember *) lfirst(lc))->rel->trigdesc;

		for (int i = 0; i < triggers->numtriggers; i++)
		{
			if (has_special_state(plan->request, &triggers->triggers[i]))
				return true;
		}
	}
	return false;
}

/*
 * Lock what the plan takes, in one step, and make it again.  Only where somebody
 * has changed the table meanwhile, so that it takes more, is there a second one.
 */
AttachPlan *
cc_plan_lock(const AttachRequest *request)
{
	AttachPlan *plan = cc_plan_make(request);
	bool		is_locked = false;
	bool		is_altered;

	do
	{
		is_altered = alters_table(plan);
		cc_tree_lock(request->relid,
					 is_altered ? AccessExclusiveLock : ShareRowExclusiveLock,
					 takes_owner(plan));
		plan = cc_plan_make(request);
		is_locked = is_altered || !alters_table(plan);
	} while (!is_locked);
	return plan;
}
