/*-------------------------------------------------------------------------
 *
 * verdict.c
 *	  The decision table: policy, OLD, NEW, sent -> bump, keep, blind or
 *	  conflict.
 *
 * Pure: it looks at its arguments, and changes nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "verdict.h"

/* What the writer sent, seen from OLD. */
typedef enum TokenFit
{
	TOKEN_MISSING,				/* nothing was sent */
	TOKEN_IS_OLD,				/* an echo */
	TOKEN_IS_NEXT,				/* an increment */
	TOKEN_IS_AHEAD,				/* an increment, by a clock that is wrong */
	TOKEN_IS_STRANGE			/* anything else */
} TokenFit;

static const Verdict decision_table[][4] =
{
	[TOKEN_MISSING] = {
		[PROTOCOL_AUTO] = VERDICT_BLIND,
		[PROTOCOL_ECHO] = VERDICT_BLIND,
		[PROTOCOL_INCREMENT] = VERDICT_BLIND,
		[PROTOCOL_IGNORE] = VERDICT_BLIND,
	},
	[TOKEN_IS_OLD] = {
		[PROTOCOL_AUTO] = VERDICT_BUMP,
		[PROTOCOL_ECHO] = VERDICT_BUMP,
		[PROTOCOL_INCREMENT] = VERDICT_CONFLICT,
		[PROTOCOL_IGNORE] = VERDICT_BLIND,
	},
	[TOKEN_IS_NEXT] = {
		[PROTOCOL_AUTO] = VERDICT_KEEP,
		[PROTOCOL_ECHO] = VERDICT_CONFLICT,
		[PROTOCOL_INCREMENT] = VERDICT_KEEP,
		[PROTOCOL_IGNORE] = VERDICT_BLIND,
	},
	[TOKEN_IS_AHEAD] = {
		[PROTOCOL_AUTO] = VERDICT_FUTURE,
		[PROTOCOL_ECHO] = VERDICT_CONFLICT,
		[PROTOCOL_INCREMENT] = VERDICT_FUTURE,
		[PROTOCOL_IGNORE] = VERDICT_BLIND,
	},
	[TOKEN_IS_STRANGE] = {
		[PROTOCOL_AUTO] = VERDICT_CONFLICT,
		[PROTOCOL_ECHO] = VERDICT_CONFLICT,
		[PROTOCOL_INCREMENT] = VERDICT_CONFLICT,
		[PROTOCOL_IGNORE] = VERDICT_BLIND,
	},
};

/* Compare what was sent with OLD; an echo comes first, as it is certain. */
static TokenFit
fit_token(const VersionColumn *column, const VersionChange *change)
{
	if (!change->token_was_sent)
		return TOKEN_MISSING;
	if (cc_version_equals(column, change->new, change->old))
		return TOKEN_IS_OLD;
	switch (cc_version_follows(column, change->old, change->new))
	{
		case TOKEN_FOLLOWS:
			return TOKEN_IS_NEXT;
		case TOKEN_FROM_FUTURE:
			return TOKEN_IS_AHEAD;
		case TOKEN_DOES_NOT_FOLLOW:
			break;
	}
	return TOKEN_IS_STRANGE;
}

/*
 * Judge an UPDATE or DELETE of one row.
 *
 * An expectation is one more token: it has to fit as well, and where it does
 * the write is not blind.
 */
Verdict
cc_verdict(const VersionPolicy *policy, const VersionChange *change)
{
	TokenFit	fit = fit_token(&policy->column, change);
	Verdict		verdict = decision_table[fit][policy->protocol];

	if (!change->is_expected)
		return verdict;
	if (!cc_version_equals(&policy->column, change->old, change->expected))
		return VERDICT_CONFLICT;
	return verdict == VERDICT_BLIND ? VERDICT_BUMP : verdict;
}
