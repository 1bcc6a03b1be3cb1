/*-------------------------------------------------------------------------
 *
 * conflict.h
 *	  What happens to a write that does not fit the row, and what is said.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_CONFLICT_H
#define CC_CONFLICT_H

#include "commands/trigger.h"

#include "attachment.h"
#include "compat.h"
#include "policy.h"

/* A row that is not at the version that was asserted of it. */
typedef struct StaleAssertion
{
	Relation	rel;			/* the table as it was named */
	const Attachment *attachment;
	const char *column_name;
	const VersionColumn *column;
	Relation	index;			/* of the primary key */
	const char *key;			/* as a text */
	VersionValue current;
	VersionValue asserted;
} StaleAssertion;

extern HeapTuple cc_conflict_resolve(const VersionPolicy *policy,
									 TriggerData *trigdata,
									 const VersionChange *change);
extern void cc_conflict_assertion(const StaleAssertion *stale);
extern void cc_conflict_edited(const VersionPolicy *policy,
							   TriggerData *trigdata, const Edit *edit);
extern void cc_conflict_blind(const VersionPolicy *policy,
							  TriggerData *trigdata, VersionValue current);
extern void cc_conflict_bypassed(TriggerData *trigdata);
pg_noreturn extern void cc_conflict_future(const VersionPolicy *policy,
										   TriggerData *trigdata,
										   VersionValue token);
pg_noreturn extern void cc_conflict_last(const VersionPolicy *policy,
										 TriggerData *trigdata,
										 VersionValue last);

#endif							/* CC_CONFLICT_H */
