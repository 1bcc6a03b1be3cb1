/*-------------------------------------------------------------------------
 *
 * current.c
 *	  Is a row, found by its primary key, still at the version that was read?
 *	  In SQL: is_current() and assert_current().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "tcop/pquery.h"
#include "utils/portal.h"

#include "argument.h"
#include "conflict.h"
#include "lookup.h"
#include "session.h"

PG_FUNCTION_INFO_V1(is_current);
PG_FUNCTION_INFO_V1(assert_current);

/*
 * Does the statement that calls us write?  Then it is no SELECT, or it, or a
 * function that it calls, has used its command.
 */
static bool
statement_writes(void)
{
	PlannedStmt *statement = ActivePortal ? PortalGetPrimaryStmt(ActivePortal) : NULL;
	CommandId	before = GetCurrentCommandId(false);

	CommandCounterIncrement();
	return GetCurrentCommandId(false) != before ||
		(statement && statement->commandType != CMD_UTILITY &&
		 (statement->commandType != CMD_SELECT || statement->hasModifyingCTE));
}

/*
 * Remember the row that a cursor has locked, where it is now.
 *
 * Its ctid, which who has SELECT on columns only may not select, is found as
 * WHERE CURRENT OF finds it (execCurrentOf(), execCurrent.c): by the mark of
 * the table, which the range table begins with, or of the one partition that it
 * was found in.  Other marks are a policy's.
 */
static void
remember_locked_row(const RowLookup *lookup, Portal portal, bool is_guard)
{
	EState	   *estate = portal->queryDesc->estate;
	ExecRowMark *found = NULL;
	SessionAssertion assertion = {
		.table = cc_session_table(lookup->rel),
		.column = lookup->column_name,
		.is_guard = is_guard
	};

	/* so that what is written later is known to be later */
	CommandCounterIncrement();
	for (int i = 0; i < estate->es_range_table_size; i++)
	{
		ExecRowMark *mark = estate->es_rowmarks[i];

		if (mark && mark->prti == 1 && ItemPointerIsValid(&mark->curCtid))
			found = mark;
	}
	if (found == NULL)
		elog(ERROR, "could not find the row that was locked");
	cc_session_assert(found->relation, &found->curCtid, &assertion);
}

/* Raise the conflict of a row that is not as it was asserted to be. */
static void
refuse_row(const RowLookup *lookup, VersionValue current, VersionValue asserted)
{
	StaleAssertion stale = {
		.rel = lookup->rel,
		.attachment = &lookup->attachment,
		.column_name = lookup->column_name,
		.column = &lookup->column,
		.index = lookup->index,
		.key = cc_lookup_key_text(lookup),
		.current = current,
		.asserted = asserted
	};

	cc_conflict_assertion(&stale);
}

/* Hold a row that was looked for, and locked, to the version; remember it. */
static void
assert_row(const RowLookup *lookup, Portal portal, VersionValue version,
		   bool is_guard)
{
	FoundRow   *found = cc_lookup_fetch(lookup, portal);

	if (found == NULL)
		cc_lookup_refuse_missing(lookup);
	else if (!cc_version_equals(&lookup->column, found->version, version))
		refuse_row(lookup, found->version, version);
	remember_locked_row(lookup, portal, is_guard);
}

/* Is a row that was looked for there, at the version? */
static bool
row_is_current(const RowLookup *lookup, Portal portal, VersionValue version)
{
	FoundRow   *found = cc_lookup_fetch(lookup, portal);

	return found && cc_version_equals(&lookup->column, found->version, version);
}

/* Answer: is the row at the version? */
static bool
answer(FunctionCallInfo fcinfo, bool is_assertion)
{
	RowLookup	lookup = {0};
	Portal		portal;
	VersionValue version;
	bool		is_guard = is_assertion && statement_writes();
	bool		is_true = true;

	cc_argument_require(fcinfo, 0, "table_name");
	cc_argument_require(fcinfo, 1, "key");
	cc_argument_require(fcinfo, 3, "column_name");
	cc_lookup_open(fcinfo, is_assertion ? RowShareLock : AccessShareLock,
				   NameStr(*PG_GETARG_NAME(3)), &lookup);
	version = cc_argument_version(fcinfo, 2, &lookup.column);

	SPI_connect();
	portal = cc_lookup_start(&lookup, is_assertion);
	if (is_assertion)
		assert_row(&lookup, portal, version, is_guard);
	else
		is_true = row_is_current(&lookup, portal, version);
	SPI_cursor_close(portal);
	SPI_finish();
	cc_lookup_close(&lookup);
	return is_true;
}

/*
 * is_current(table_name regclass, key jsonb, version anycompatible, column_name name)
 *		RETURNS boolean
 *
 * Is the row there, visible to the caller, and at this version?
 */
Datum
is_current(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(answer(fcinfo, false));
}

/*
 * assert_current(table_name regclass, key jsonb, version anycompatible,
 *				  column_name name) RETURNS void
 *
 * Lock the row FOR NO KEY UPDATE, and raise the conflict unless it is at this
 * version.  A later write of the row in this transaction is then not blind.
 */
Datum
assert_current(PG_FUNCTION_ARGS)
{
	answer(fcinfo, true);
	PG_RETURN_VOID();
}
