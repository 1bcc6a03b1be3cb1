/*-------------------------------------------------------------------------
 *
 * verdict.h
 *	  The decision table: what to do with an UPDATE of one row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_VERDICT_H
#define CC_VERDICT_H

#include "policy.h"

typedef enum Verdict
{
	VERDICT_BUMP,				/* store next(OLD) */
	VERDICT_KEEP,				/* store NEW, which is next(OLD) */
	VERDICT_BLIND,				/* no token: the blind policy decides */
	VERDICT_CONFLICT,			/* the token does not fit OLD */
	VERDICT_FUTURE				/* the writer's clock is wrong */
} Verdict;

extern Verdict cc_verdict(const VersionPolicy *policy,
						  const VersionChange *change);

#endif							/* CC_VERDICT_H */
