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

#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "executor/spi.h"

#include "attachment.h"
#include "catalog.h"
#include "default.h"
#include "handler.h"
#include "plan.h"
#include "tree.h"

/* Find the column; NULL where there is none. */
static Form_pg_attribute
find_column(Relation rel, const char *name)
{
	int			attnum = SPI_fnumber(RelationGetDescr(rel), name);

	return attnum > 0 ? TupleDescAttr(RelationGetDescr(rel), attnum - 1) : NULL;
}

/* Find the kind of the column, or of the one that is to be added. */
static const VersionKind *
find_kind(const char *name, Form_pg_attribute column)
{
	if (column)
		return cc_version_kind(name, cc_catalog_base_type(column->atttypid));
	for (const VersionKind *kind = cc_version_kinds; kind->name; kind++)
	{
		if (name ? strcmp(kind->name, name) == 0 : kind->is_default)
			return kind;
	}
	return NULL;
}

/*
 * Describe a member as it is: of two triggers that keep the column, the last one
 * stays; of a partition below the table, none does.
 */
static AttachMember *
describe_member(const AttachRequest *request, Relation rel)
{
	AttachMember *member = palloc0(sizeof(AttachMember));
	ListCell   *lc;

	member->rel = rel;
	member->column = find_column(rel, request->column);
	member->needs_trigger = rel->rd_id == request->relid || !rel->rd_rel->relispartition;
	foreach(lc, cc_attachment_triggers(rel, request->function, request->column))
	{
		Trigger    *trigger = lfirst(lc);

		if (trigger->tgisclone)
			continue;
		if (member->trigger)
			member->superfluous = lappend(member->superfluous, (void *) member->trigger);
		member->trigger = trigger;
	}
	if (member->trigger && !member->needs_trigger)
	{
		member->superfluous = lappend(member->superfluous, (void *) member->trigger);
		member->trigger = NULL;
	}
	if (member->trigger && member->column)
		member->old_kind = find_kind(cc_options_of(member->trigger).text[OPTION_KIND],
									 member->column);
	return member;
}

/* Raise an error where one of two options is named, and the other is set. */
static void
check_exclusion(const AttachRequest *request, const AttachMember *member,
				TriggerOption named, TriggerOption other)
{
	if (request->text[named] == NULL || *request->text[named] == '\0' ||
		member->options.text[other] == NULL || request->text[other] != NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("options \"%s\" and \"%s\" exclude each other",
					cc_options_names[named], cc_options_names[other]),
			 errdetail("Table \"%s\" has option \"%s\".",
					   RelationGetRelationName(member->rel), cc_options_names[other]),
			 errhint("Name %s => '' as well, to take that away.",
					 cc_options_names[other])));
}

/* Change what the request names of the options that the member has. */
static void
change_options(const AttachRequest *request, AttachMember *member)
{
	check_exclusion(request, member, OPTION_WATCH, OPTION_IGNORE);
	check_exclusion(request, member, OPTION_IGNORE, OPTION_WATCH);
	for (int i = 0; i < OPTION_COUNT; i++)
	{
		if (request->text[i])
			member->options.text[i] = *request->text[i] ? request->text[i] : NULL;
	}
	if (request->names_guard_delete)
		member->options.guard_delete = request->guard_delete;
	if (request->names_stamp_insert)
		member->options.stamp_insert = request->stamp_insert;
}

/* Leave out a handler that was meant for a parent, and does not take these rows. */
static void
leave_out_handler(AttachMember *member)
{
	const char *handler = cc_options_handler(&member->options);

	member->lacks_handler = handler && !cc_handler_fits(handler, member->rel);
	if (member->lacks_handler)
		member->options.text[OPTION_ON_CONFLICT] = NULL;
}

/* Begin with the options of the first parent that has the column attached. */
static bool
copy_parents_options(const AttachRequest *request, AttachMember *root)
{
	ListCell   *lc;

	foreach(lc, cc_tree_parents(request->relid))
	{
		Relation	parent = cc_catalog_relation(lfirst_oid(lc));
		List	   *triggers = NIL;

		if (parent)
			triggers = cc_attachment_triggers(parent, request->function, request->column);
		if (triggers != NIL)
		{
			root->options = cc_options_of(linitial(triggers));
			leave_out_handler(root);
			return true;
		}
	}
	return false;
}

/* Choose the options of the table itself. */
static void
choose_root_options(const AttachRequest *request, AttachMember *root)
{
	const char *kind = NULL;

	root->options.stamp_insert = true;
	if (root->trigger)
		root->options = cc_options_of(root->trigger);
	else if (!request->as_parent || !copy_parents_options(request, root))
	{
		if (root->column)
			kind = cc_attachment_domain_kind(root->column->atttypid, request->function);
		/* (a counter is one by its type) */
		if (kind && strcmp(kind, "counter") != 0)
			root->options.text[OPTION_KIND] = kind;
	}
	change_options(request, root);
}

/* Choose what a member below keeps, or has from the table. */
static void
choose_child_options(const AttachRequest *request, const AttachMember *root,
					 AttachMember *member)
{
	if (member->trigger)
	{
		member->options = cc_options_of(member->trigger);
		change_options(request, member);
	}
	else
		member->options = root->options;
	if (member->needs_trigger &&
		(member->trigger == NULL || request->text[OPTION_ON_CONFLICT]))
		leave_out_handler(member);
}

/*
 * Does the member get a new default?  Where no trigger fills the column, and
 * where the one that is there was the old kind's.
 */
static bool
wants_default(const AttachMember *member)
{
	ColumnDefault found;

	if (member->column == NULL || member->kind == NULL)
		return false;
	found = cc_default_of(member->column);
	if (!found.is_there)
		return !member->options.stamp_insert;
	return member->old_kind && found.kind == member->old_kind &&
		member->kind != member->old_kind;
}

/* Choose what a member has when all is done. */
static void
plan_member(const AttachRequest *request, const AttachMember *root,
			AttachMember *member)
{
	if (member == root)
		choose_root_options(request, member);
	else
		choose_child_options(request, root, member);
	/* a partition's trigger is the table's */
	if (!member->needs_trigger)
		member->old_kind = root->old_kind;
	member->kind = find_kind(member->options.text[OPTION_KIND], member->column);
	member->sets_default = wants_default(member);
}

/*
 * Look at all members, and decide.  The plan is in the current memory context.
 */
AttachPlan *
cc_plan_make(const AttachRequest *request)
{
	AttachPlan *plan = palloc0(sizeof(AttachPlan));
	AttachMember *root = describe_member(request, cc_catalog_require(request->relid));
	bool		is_foreign = root->rel->rd_rel->relkind == RELKIND_FOREIGN_TABLE;
	ListCell   *lc;

	plan->request = request;
	plan->members = list_make1(root);
	plan_member(request, root, root);
	for_each_from(lc, cc_tree_members(request->relid), 1)
	{
		Relation	rel = cc_catalog_relation(lfirst_oid(lc));
		AttachMember *member;

		/* (as long as there is no lock, one may go) */
		if (rel == NULL)
			continue;
		member = describe_member(request, rel);
		plan_member(request, root, member);
		plan->members = lappend(plan->members, member);
		is_foreign |= rel->rd_rel->relkind == RELKIND_FOREIGN_TABLE;
	}
	plan->adds_column = request->add_column && root->column == NULL &&
		root->kind && *request->column && !is_foreign;
	return plan;
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
	const AttachRequest *request = plan->request;
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, plan->members)
	{
		const AttachMember *member = lfirst(lc);

		foreach(lc2, cc_attachment_triggers(member->rel, request->function, request->column))
		{
			if (((const Trigger *) lfirst(lc2))->tgenabled != TRIGGER_FIRES_ON_ORIGIN)
				return true;
		}
	}
	return alters_table(plan);
}

/*
 * Lock what the plan takes, in one step, and make it again.  Only where somebody
 * has changed the table meanwhile, so that it takes more, is there a second one.
 */
AttachPlan *
cc_plan_lock(const AttachRequest *request)
{
	AttachPlan *plan = cc_plan_make(request);

	for (;;)
	{
		bool		is_altered = alters_table(plan);

		cc_tree_lock(request->relid,
					 is_altered ? AccessExclusiveLock : ShareRowExclusiveLock,
					 takes_owner(plan));
		plan = cc_plan_make(request);
		if (is_altered || !alters_table(plan))
			return plan;
	}
}
