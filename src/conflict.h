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

pg_noreturn extern void cc_conflict_refuse(const VersionPolicy *policy,
										   TriggerData *trigdata,
										   const VersionChange *change);
extern void cc_conflict_blind(const VersionPolicy *policy,
							  TriggerData *trigdata, VersionValue current);

#endif							/* CC_CONFLICT_H */
