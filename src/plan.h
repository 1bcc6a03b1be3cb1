/*-------------------------------------------------------------------------
 *
 * plan.h
 *	  What is to be done to attach a table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_PLAN_H
#define CC_PLAN_H

#include "utils/rel.h"

#include "options.h"
#include "version.h"

/* What attach() was told. */
typedef struct AttachRequest
{
	Oid			relid;
	Oid			function;		/* of our triggers */
	const char *column;
	const char *text[OPTION_COUNT]; /* NULL: as it is; "": the default */
	bool		names_guard_delete;
	bool		guard_delete;
	bool		names_stamp_insert;
	bool		stamp_insert;
	bool		add_column;		/* where it is missing? */
	bool		as_parent;		/* begin with the options of a parent? */
} AttachRequest;

/* One table of the tree. */
typedef struct AttachMember
{
	Relation	rel;			/* as the catalogs have it */
	Form_pg_attribute column;	/* NULL where it is missing */
	const Trigger *trigger;		/* that keeps it now, and is no clone; or NULL */
	List	   *superfluous;	/* others of ours that do, and are to go */
	bool		has_own_trigger;	/* not its parent's, as a partition has */
	bool		lacks_handler;	/* that its parent has */
	TriggerOptions options;		/* when all is done */
	bool		sets_default;
} AttachMember;

/* What is to be done. */
typedef struct AttachPlan
{
	const AttachRequest *request;
	List	   *members;		/* of AttachMember; the first is the table */
	AttachMember *root;			/* itself */
	const VersionKind *old_kind;	/* of the trigger that is there, or NULL */
	const VersionKind *kind;	/* when all is done; NULL if there is none
								 * such */
	bool		adds_column;
} AttachPlan;

extern AttachPlan *cc_plan_make(const AttachRequest *request);
extern AttachPlan *cc_plan_lock(const AttachRequest *request);
extern TriggerOptions cc_plan_read_options(const Trigger *trigger);

#endif							/* CC_PLAN_H */
