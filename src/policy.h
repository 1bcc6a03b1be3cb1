/*-------------------------------------------------------------------------
 *
 * policy.h
 *	  What one trigger was told, in its arguments and by settings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_POLICY_H
#define CC_POLICY_H

#include "fmgr.h"
#include "utils/rel.h"

#include "condition.h"
#include "version.h"

/* protocol=...: how writers say which version their change is based on */
typedef enum TokenProtocol
{
	PROTOCOL_AUTO,
	PROTOCOL_ECHO,
	PROTOCOL_INCREMENT,
	PROTOCOL_IGNORE
} TokenProtocol;

/* blind=...: what happens to a write that does not say */
typedef enum BlindPolicy
{
	BLIND_ALLOW,
	BLIND_WARN,
	BLIND_REJECT
} BlindPolicy;

/* on_conflict=...: what happens to a stale write */
typedef enum ConflictPolicy
{
	CONFLICT_ERROR,
	CONFLICT_SKIP,
	CONFLICT_WARN,
	CONFLICT_CALL
} ConflictPolicy;

/* Everything that a trigger needs to know, other than the row. */
typedef struct VersionPolicy
{
	VersionColumn column;
	TokenProtocol protocol;
	BlindPolicy blind;
	ConflictPolicy on_conflict;
	const char *handler;		/* of CONFLICT_CALL */
	const BumpCondition *condition; /* NULL: every write bumps */

	/*
	 * The row that was last judged for an UPDATE, which is all that changes
	 * in the course of a statement.  NULL unless the row could be about to
	 * move to another partition, and the trigger is for DELETE.
	 */
	ItemPointer last_judged;
} VersionPolicy;

extern const VersionPolicy *cc_policy_build(FunctionCallInfo fcinfo);
extern void cc_policy_check(Relation rel, int nargs, char **args);

/*
 * Return the policy of the trigger that is being called.
 *
 * It is built at the first row and kept in fn_extra, in the memory of the
 * executor's FmgrInfo: that belongs to one statement and one relation, which
 * nobody can alter meanwhile, so nothing has to be invalidated.
 */
static inline const VersionPolicy *
cc_policy_for_call(FunctionCallInfo fcinfo)
{
	if (unlikely(fcinfo->flinfo->fn_extra == NULL))
		return cc_policy_build(fcinfo);
	return fcinfo->flinfo->fn_extra;
}

#endif							/* CC_POLICY_H */
