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
#include "edit.h"
#include "session.h"
#include "version.h"

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

/* edits=...: what happens to a write of a row that somebody else edits */
typedef enum EditPolicy
{
	EDITS_IGNORE,
	EDITS_WARN,
	EDITS_REFUSE
} EditPolicy;

/* All that changes in the course of a statement. */
typedef struct StatementState
{
	SessionView session;
	bool		is_foreign_key; /* is it a foreign key's own? */
	bool		writer_is_known;	/* has that been looked at? */
	ItemPointerData judged;		/* the row that was last judged for an UPDATE */
} StatementState;

/* Everything that a trigger needs to know, other than the row. */
typedef struct VersionPolicy
{
	VersionColumn column;
	TokenProtocol protocol;
	BlindPolicy blind;
	ConflictPolicy on_conflict;
	const char *handler;		/* of CONFLICT_CALL */
	const Bitmapset *others;	/* of CONFLICT_CALL: columns that other
								 * triggers of ours keep */
	const BumpCondition *condition; /* NULL: every write bumps */
	EditPolicy	edits;
	const EditWatch *watch;		/* unless edits are ignored */
	bool		sees_moves;		/* is it called for a move's DELETE, too? */
	StatementState *state;
} VersionPolicy;

/* The trigger's function, once it has been called: the address of our own code. */
extern PGFunction cc_policy_function;

extern const VersionPolicy *cc_policy_build(FunctionCallInfo fcinfo);
extern const Trigger *cc_policy_watcher(Relation rel, Oid function,
										const char *column);
extern void cc_policy_check(Relation rel, Oid function, int nargs, char **args);
extern VersionColumn cc_policy_column(Relation rel, const char *name);
extern const char *cc_policy_protocol_name(TokenProtocol protocol);

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
