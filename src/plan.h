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
	bool		needs_trigger;	/* of its own, as no partition does? */
	const Trigger *trigger;		/* its own, that keeps the column now, or NULL */
	List	   *superfluous;	/* its own others that do, which are to go */
	TriggerOptions options;		/* when all is done */
	const VersionKind *old_kind;	/* of the trigger that is there, or NULL */
	const VersionKind *kind;	/* when all is done; NULL if it suits none */
	bool		lacks_handler;	/* that its parent has */
	bool		sets_default;
} AttachMember;

/* What is to be done. */
typedef struct AttachPlan
{
	const AttachRequest *request;
	List	   *members;		/* of AttachMember, the table itself first */
	bool		adds_column;
} AttachPlan;

#define PLAN_ROOT(plan) ((AttachMember *) linitial((plan)->members))

extern AttachPlan *cc_plan_make(const AttachRequest *request);
extern AttachPlan *cc_plan_lock(const AttachRequest *request);

#endif							/* CC_PLAN_H */
