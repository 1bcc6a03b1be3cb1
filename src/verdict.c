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
	if (cc_version_is_increment(column, change->old, change->new))
		return TOKEN_IS_NEXT;
	return TOKEN_IS_STRANGE;
}

/*
 * Judge an UPDATE of one row.
 */
Verdict
cc_verdict(const VersionPolicy *policy, const VersionChange *change)
{
	TokenFit	fit = fit_token(&policy->column, change);

	return decision_table[fit][policy->protocol];
}
