/*-------------------------------------------------------------------------
 *
 * condition.h
 *	  What bumps: the columns whose change counts.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_CONDITION_H
#define CC_CONDITION_H

#include "commands/trigger.h"
#include "utils/rel.h"

/* What a trigger was told, watch or ignore being NULL. */
typedef struct ConditionRequest
{
	const char *watch;			/* only these count, or "*" for all */
	const char *ignore;			/* all but these count */
	AttrNumber	version;		/* the trigger's own version column */
	Bitmapset  *versions;		/* it and all other attached ones */
} ConditionRequest;

typedef struct BumpCondition BumpCondition;

extern const BumpCondition *cc_condition_build(const ConditionRequest *request,
											   Relation rel);
extern bool cc_condition_names(const char *names, const char *column);
extern bool cc_condition_is_met(const BumpCondition *condition,
								TriggerData *trigdata);
extern bool cc_condition_is_met_by(const BumpCondition *condition,
								   TupleTableSlot *old_row,
								   TupleTableSlot *new_row);

#endif							/* CC_CONDITION_H */
