/*-------------------------------------------------------------------------
 *
 * session.c
 *	  What this transaction was told of its own writes: switches and
 *	  expectations, undone with it and its savepoints.
 *
 * One list, newest first, in TopTransactionContext.  These are no settings:
 * settings can be given before the library is loaded, by ALTER ROLE, and are
 * inherited by a SECURITY DEFINER function from a caller who owns nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "session.h"
#include "writer.h"

SessionNote *cc_session_notes = NULL;

/* At the end of the transaction, PREPARE included, nothing holds any more. */
static void
forget_at_end(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			/* the memory goes with TopTransactionContext */
			cc_session_notes = NULL;
			break;
		default:
			break;
	}
}

/* Does one note take the place of another, of the same subtransaction? */
static bool
is_about_the_same(const SessionNote *a, const SessionNote *b)
{
	return a->topic == b->topic && a->relid == b->relid &&
		a->roleid == b->roleid && a->subid == b->subid &&
		strcmp(NameStr(a->column), NameStr(b->column)) == 0;
}

/* Take a note out of the list. */
static void
drop_note(SessionNote **link)
{
	SessionNote *note = *link;

	*link = note->next;
	if (!note->typbyval && !note->version.isnull)
		pfree(DatumGetPointer(note->version.datum));
	pfree(note);
}

/* Drop the older note that this one replaces, so that notes do not pile up. */
static void
drop_replaced(SessionNote *told)
{
	for (SessionNote **link = &told->next;
		 *link && (*link)->subid == told->subid; link = &(*link)->next)
	{
		if (is_about_the_same(*link, told))
		{
			drop_note(link);
			return;
		}
	}
}

/* What was told in a savepoint becomes its parent's. */
static void
hand_to_parent(SubTransactionId subid, SubTransactionId parent)
{
	SessionNote *note;

	for (note = cc_session_notes; note && note->subid == subid; note = note->next)
		note->subid = parent;
	for (note = cc_session_notes; note && note->subid == parent; note = note->next)
		drop_replaced(note);
}

/* What was told in a savepoint goes with it, or becomes its parent's. */
static void
forget_at_subend(SubXactEvent event, SubTransactionId subid,
				 SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		while (cc_session_notes && cc_session_notes->subid == subid)
			drop_note(&cc_session_notes);
	}
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		hand_to_parent(subid, parent);
}

/*
 * Be told when transactions end.  Called once, from _PG_init.
 */
void
cc_session_init(void)
{
	RegisterXactCallback(forget_at_end, NULL);
	RegisterSubXactCallback(forget_at_subend, NULL);
}

/*
 * Note something down until the end of the transaction, or of the savepoint
 * that is rolled back.  Copies what it is given; the type is the version's.
 */
void
cc_session_tell(const SessionNote *note, bool typbyval, int16 typlen)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(TopTransactionContext);
	SessionNote *told = palloc(sizeof(SessionNote));

	*told = *note;
	if (!note->version.isnull)
		told->version.datum = datumCopy(note->version.datum, typbyval, typlen);
	told->typbyval = typbyval;
	told->subid = GetCurrentSubTransactionId();
	told->told = GetCurrentCommandId(false);
	told->next = cc_session_notes;
	cc_session_notes = told;
	drop_replaced(told);
	MemoryContextSwitchTo(oldcontext);
}

/*
 * Is the switch on for this write?
 *
 * It takes an owner twice: who told it has to own the table, so that a
 * stranger's "all tables that I own" does not reach the tables of the owner
 * for whom a function or a foreign key's action runs; and so has the current
 * user, so that an owner's function leaves nothing behind for its caller.
 */
bool
cc_session_switch_is_on(SessionTopic topic, Relation rel)
{
	for (SessionNote *note = cc_session_notes; note; note = note->next)
	{
		if (note->topic == topic &&
			(!OidIsValid(note->relid) || cc_writer_covers(note->relid, rel)) &&
			cc_writer_owns(note->roleid, rel))
			return note->is_on && cc_writer_owns(GetUserId(), rel);
	}
	return false;
}

/*
 * Find the version at which the transaction expects the current user's writes
 * to find this column.  NULL if it expects none.
 */
const SessionNote *
cc_session_expectation(const VersionColumn *column, Relation rel)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel),
										  column->place.attnum - 1);

	for (SessionNote *note = cc_session_notes; note; note = note->next)
	{
		if (note->topic != SESSION_EXPECT ||
			note->roleid != GetUserId() ||
			strcmp(NameStr(note->column), NameStr(att->attname)) != 0 ||
			!cc_writer_covers(note->relid, rel))
			continue;

		if (note->is_on && note->typid != column->kind->typid)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("type of version column \"%s\" of table \"%s\" has changed since a version was expected",
							NameStr(att->attname), RelationGetRelationName(rel)),
					 errhint("Call concurrency.expect() again."),
					 errtablecol(rel, column->place.attnum)));
		return note->is_on ? note : NULL;
	}
	return NULL;
}
