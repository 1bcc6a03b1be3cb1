/*-------------------------------------------------------------------------
 *
 * transaction.c
 *	  What a transaction may say of its own writes, in SQL: skip_check(),
 *	  skip_bump() and expect().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "argument.h"
#include "policy.h"
#include "session.h"
#include "writer.h"

PG_FUNCTION_INFO_V1(skip_check);
PG_FUNCTION_INFO_V1(skip_bump);
PG_FUNCTION_INFO_V1(expect);

/* Turn a switch on or off, for those who may disable the trigger as well. */
static void
turn_switch(FunctionCallInfo fcinfo, SessionTopic topic)
{
	SessionNote note = {.topic = topic,.version.isnull = true};

	cc_argument_require(fcinfo, 1, "enabled");
	note.roleid = GetUserId();
	note.is_on = PG_GETARG_BOOL(1);
	if (!PG_ARGISNULL(0))
	{
		Attachment	any;
		Relation	rel = cc_argument_table(fcinfo, AccessShareLock, NULL, &any);

		if (!cc_writer_owns(note.roleid, rel))
			aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE,
						   RelationGetRelationName(rel));
		note.relid = RelationGetRelid(rel);
		relation_close(rel, AccessShareLock);
	}
	cc_session_tell(&note);
}

/*
 * skip_check(table_name regclass, enabled boolean) RETURNS void
 *
 * Until the end of the transaction, conflicts and blind writes are not looked
 * at.
 */
Datum
skip_check(PG_FUNCTION_ARGS)
{
	turn_switch(fcinfo, SESSION_SKIP_CHECK);
	PG_RETURN_VOID();
}

/*
 * skip_bump(table_name regclass, enabled boolean) RETURNS void
 *
 * Until the end of the transaction, rows keep the version that they have.
 */
Datum
skip_bump(PG_FUNCTION_ARGS)
{
	turn_switch(fcinfo, SESSION_SKIP_BUMP);
	PG_RETURN_VOID();
}

/*
 * expect(table_name regclass, version anycompatible, column_name name) RETURNS void
 *
 * Until the end of the transaction, every row of the table that the current
 * user's UPDATE or DELETE touches must be at this version.  NULL ends it.
 */
Datum
expect(PG_FUNCTION_ARGS)
{
	SessionNote note = {.topic = SESSION_EXPECT};
	Relation	rel;
	Attachment	attachment;
	VersionColumn column;

	cc_argument_require(fcinfo, 0, "table_name");
	cc_argument_require(fcinfo, 2, "column_name");
	namestrcpy(&note.column, NameStr(*PG_GETARG_NAME(2)));
	rel = cc_argument_table(fcinfo, AccessShareLock, NameStr(note.column), &attachment);
	column = cc_policy_column(rel, NameStr(note.column));

	note.relid = RelationGetRelid(rel);
	note.roleid = GetUserId();
	note.table = cc_session_table(rel);
	note.typid = column.kind->typid;
	note.typlen = column.place.typlen;
	note.typbyval = column.place.typbyval;
	note.version = cc_argument_version(fcinfo, 1, &column);
	note.is_on = !note.version.isnull;
	cc_session_tell(&note);

	relation_close(rel, AccessShareLock);
	PG_RETURN_VOID();
}
