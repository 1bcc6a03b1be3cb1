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

#include "compat.h"
#include "policy.h"

/* Whom an error is about. */
typedef struct ConflictSubject
{
	Oid			home;			/* the table that the trigger was created on */
	const char *column;			/* the version column */
	const char *trigger;
} ConflictSubject;

extern void cc_conflict_report(int elevel, const ConflictSubject *subject,
							   const char *detail);
extern HeapTuple cc_conflict_resolve(const VersionPolicy *policy,
									 TriggerData *trigdata,
									 const VersionChange *change);
extern void cc_conflict_blind(const VersionPolicy *policy,
							  TriggerData *trigdata, VersionValue current);
pg_noreturn extern void cc_conflict_future(const VersionPolicy *policy,
										   TriggerData *trigdata,
										   VersionValue token);
pg_noreturn extern void cc_conflict_last(const VersionPolicy *policy,
										 TriggerData *trigdata,
										 VersionValue last);

#endif							/* CC_CONFLICT_H */
