/*-------------------------------------------------------------------------
 *
 * session.c
 *	  What this transaction was told of its own writes: switches, expectations
 *	  and asserted rows, undone with it and its savepoints.
 *
 * Two lists, newest first, in TopTransactionContext; asserted rows, of which
 * there may be many, are found by a hash table.  These are no settings: settings
 * can be given before the library is loaded, by ALTER ROLE, and are inherited by
 * a SECURITY DEFINER function from a caller who owns nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "session.h"
#include "writer.h"

/* What was asserted: the version of a row. */
typedef struct AssertedVersion
{
	Oid			relid;			/* of the partition, where it is in one */
	Oid			relfilenode;	/* where the row is, unless it is rewritten */
	Oid			roleid;			/* who asserted it */
	ItemPointerData tid;
	NameData	column;
} AssertedVersion;

/* A row that was found, and locked, at the version that was asserted. */
typedef struct AssertedRow
{
	AssertedVersion what;		/* the hash key */
	SessionTable table;			/* as it was named */
	bool		is_guard;		/* does the statement that asserts write, too? */
	CommandId	told;			/* the command that comes after */
	SubTransactionId subid;
	struct AssertedRow *next;
} AssertedRow;

SessionNote *cc_session_notes = NULL;
uint64		cc_session_changes = 0;
static AssertedRow *asserted_rows = NULL;
static HTAB *asserted_versions = NULL;

/* Fill the fields by which clients tell which table a message is about. */
static int
errsessiontable(const SessionTable *table, const char *column)
{
	err_generic_string(PG_DIAG_SCHEMA_NAME, NameStr(table->schema));
	err_generic_string(PG_DIAG_TABLE_NAME, NameStr(table->name));
	err_generic_string(PG_DIAG_COLUMN_NAME, column);
	return 0;
}

/* Has an expectation passed by without a write that was judged by it? */
static bool
is_unmet(const SessionNote *note)
{
	return note->topic == SESSION_UNMET ||
		(note->topic == SESSION_EXPECT && note->is_on && !note->is_met);
}

/*
 * Say that an expectation has protected nothing, which nobody would notice.  At
 * the end of a transaction the catalogs may have lost what was there: all names
 * are those of the time, but the role's.
 */
static void
warn_of_unmet(const SessionNote *note)
{
	Oid			output;
	bool		is_varlena;
	char	   *role = GetUserNameFromId(note->roleid, true);
	char	   *version;

	if (role == NULL)
		role = psprintf("%u", note->roleid);
	getTypeOutputInfo(note->typid, &output, &is_varlena);
	version = OidOutputFunctionCall(output, note->version.datum);
	ereport(WARNING,
			(errcode(ERRCODE_NO_DATA),
			 errmsg("no write was checked against the version expected of table \"%s\"",
					NameStr(note->table.name)),
			 note->topic == SESSION_UNMET ?
			 errdetail("Role \"%s\" expected version %s until it expected another, and until then that role updated or deleted no row of the table that was checked.",
					   role, version) :
			 errdetail("Role \"%s\" expected version %s, and in this transaction that role updated or deleted no row of the table that was checked.",
					   role, version),
			 errhint("Call concurrency.expect() in the transaction of the write, as the role that writes; a DELETE is checked where the table is attached with guard_delete."),
			 errsessiontable(&note->table, NameStr(note->column))));
}

/*
 * Say that an assertion was the whole of its transaction, so that the row's
 * lock has protected nothing.  In a transaction block, in a statement that
 * writes, or before other writes, it is a guard for these.
 */
static void
warn_of_lone_assertion(const AssertedRow *row)
{
	if (IsTransactionBlock() || row->is_guard ||
		GetCurrentCommandId(false) != row->told)
		return;
	ereport(WARNING,
			(errcode(ERRCODE_NO_DATA),
			 errmsg("no write followed the version asserted of table \"%s\"",
					NameStr(row->table.name)),
			 errdetail("The row was locked until the end of the transaction, which is that of the statement."),
			 errhint("Call concurrency.assert_current() in the transaction of the write."),
			 errsessiontable(&row->table, NameStr(row->what.column))));
}

/*
 * Before the end of the transaction, tell what fails open: after the deferred
 * triggers, whose writes count.  At its end, PREPARE included, nothing holds
 * any more.
 */
static void
forget_at_end(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			for (SessionNote *note = cc_session_notes; note; note = note->next)
			{
				if (is_unmet(note))
					warn_of_unmet(note);
			}
			if (asserted_rows)
				warn_of_lone_assertion(asserted_rows);
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			/* the memory goes with TopTransactionContext */
			cc_session_notes = NULL;
			asserted_rows = NULL;
			asserted_versions = NULL;
			break;
		default:
			break;
	}
}

/* Are two notes of one subtransaction about the same writes? */
static bool
is_same_subject(const SessionNote *a, const SessionNote *b)
{
	return a->subid == b->subid && a->relid == b->relid &&
		a->roleid == b->roleid &&
		strcmp(NameStr(a->column), NameStr(b->column)) == 0;
}

/* Find the next older note on a topic about the same, as a link to it. */
static SessionNote **
find_older(SessionNote *note, SessionTopic topic)
{
	SessionNote **link = &note->next;

	while (*link && (*link)->subid == note->subid &&
		   !((*link)->topic == topic && is_same_subject(*link, note)))
		link = &(*link)->next;
	return *link && (*link)->subid == note->subid ? link : NULL;
}

/* Do two expectations expect the same version? */
static bool
expects_the_same(const SessionNote *a, const SessionNote *b)
{
	return a->is_on && b->is_on && a->typid == b->typid &&
		datumIsEqual(a->version.datum, b->version.datum, a->typbyval, a->typlen);
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

/*
 * Drop the older note that this one replaces, so that notes do not pile up.  Of
 * the expectations that were replaced before a write met them, one stays, to be
 * told of; what was taken back is none.
 */
static void
drop_replaced(SessionNote *note)
{
	SessionNote **link = find_older(note, note->topic);

	if (link == NULL)
		return;
	if (note->topic == SESSION_EXPECT && note->is_on && is_unmet(*link) &&
		!expects_the_same(*link, note) &&
		find_older(*link, SESSION_UNMET) == NULL)
		(*link)->topic = SESSION_UNMET;
	else
		drop_note(link);
}

/*
 * What was told in a savepoint becomes its parent's.  It has told no two things
 * on one topic about the same, so that none of what is handed drops another.
 */
static void
hand_to_parent(SubTransactionId subid, SubTransactionId parent)
{
	SessionNote *note;
	int			handed = 0;

	for (note = cc_session_notes; note && note->subid == subid; note = note->next)
	{
		note->subid = parent;
		handed++;
	}
	for (note = cc_session_notes; handed > 0; note = note->next, handed--)
		drop_replaced(note);
	for (AssertedRow *row = asserted_rows; row && row->subid == subid; row = row->next)
		row->subid = parent;
}

/* What was told in a savepoint goes with it. */
static void
forget_since(SubTransactionId subid)
{
	while (cc_session_notes && cc_session_notes->subid == subid)
		drop_note(&cc_session_notes);
	while (asserted_rows && asserted_rows->subid == subid)
	{
		AssertedRow *row = asserted_rows;

		asserted_rows = row->next;
		hash_search(asserted_versions, &row->what, HASH_REMOVE, NULL);
	}
}

/* Savepoints of which nothing was told, and that are many, cost nothing. */
static void
forget_at_subend(SubXactEvent event, SubTransactionId subid,
				 SubTransactionId parent, void *arg)
{
	if (!(cc_session_notes && cc_session_notes->subid == subid) &&
		!(asserted_rows && asserted_rows->subid == subid))
		return;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		forget_since(subid);
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		hand_to_parent(subid, parent);
	cc_session_changes++;
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
 * Name a table.
 */
SessionTable
cc_session_table(Relation rel)
{
	SessionTable table;
	char	   *schema = get_namespace_name(RelationGetNamespace(rel));

	namestrcpy(&table.schema, schema ? schema : "");
	namestrcpy(&table.name, RelationGetRelationName(rel));
	return table;
}

/*
 * Note something down until the end of the transaction, or of the savepoint
 * that is rolled back.  Copies what it is given.
 */
void
cc_session_tell(const SessionNote *note)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(TopTransactionContext);
	SessionNote *told = palloc(sizeof(SessionNote));

	*told = *note;
	if (!note->version.isnull)
		told->version.datum = datumCopy(note->version.datum, note->typbyval,
										note->typlen);
	told->subid = GetCurrentSubTransactionId();
	told->told = GetCurrentCommandId(false);
	told->next = cc_session_notes;
	cc_session_notes = told;
	cc_session_changes++;
	drop_replaced(told);
	MemoryContextSwitchTo(oldcontext);
}

/* Say which version of which row is asserted, or asked for. */
static AssertedVersion
name_version(Relation rel, const ItemPointerData *tid, const char *column)
{
	AssertedVersion what = {0};

	what.relid = RelationGetRelid(rel);
	what.relfilenode = rel->rd_rel->relfilenode;
	what.roleid = GetUserId();
	what.tid = *tid;
	namestrcpy(&what.column, column);
	return what;
}

/* Make the hash table, at the first assertion of the transaction. */
static HTAB *
make_asserted_versions(void)
{
	HASHCTL		ctl = {
		.keysize = sizeof(AssertedVersion),
		.entrysize = sizeof(AssertedRow),
		.hcxt = TopTransactionContext
	};

	return hash_create("asserted versions", 64, &ctl,
					   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/*
 * Note that the current user asserted a column's version of this row of the
 * relation, which is locked: until the transaction writes it, it stays there.
 */
void
cc_session_assert(Relation rel, ItemPointer tid, const SessionAssertion *assertion)
{
	AssertedVersion what = name_version(rel, tid, assertion->column);
	AssertedRow *row;
	bool		found;

	if (asserted_versions == NULL)
		asserted_versions = make_asserted_versions();
	row = hash_search(asserted_versions, &what, HASH_ENTER, &found);
	if (!found)
	{
		row->subid = GetCurrentSubTransactionId();
		row->next = asserted_rows;
		asserted_rows = row;
	}
	row->table = assertion->table;
	row->is_guard = assertion->is_guard;
	row->told = GetCurrentCommandId(false);
}

/*
 * Has the current user asserted the column's version of this row?
 */
bool
cc_session_is_asserted(Relation rel, ItemPointer tid, const char *column)
{
	AssertedVersion what;

	if (asserted_versions == NULL)
		return false;
	what = name_version(rel, tid, column);
	return hash_search(asserted_versions, &what, HASH_FIND, NULL) != NULL;
}

/*
 * Is a switch on for the current user's writes?
 *
 * It takes an owner twice: who told it has to own the table, so that a
 * stranger's "all tables that I own" does not reach the tables of the owner
 * for whom a function or a foreign key's action runs; and so has the current
 * user, so that an owner's function leaves nothing behind for its caller.
 */
static bool
switch_is_on(SessionTopic topic, Relation rel)
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
static SessionNote *
find_expectation(const VersionColumn *column, Relation rel)
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

/*
 * See what the notes say of the current user's writes to a version column.
 */
void
cc_session_make_view(SessionView *view, const VersionColumn *column, Relation rel)
{
	view->skips_check = switch_is_on(SESSION_SKIP_CHECK, rel);
	view->skips_bump = switch_is_on(SESSION_SKIP_BUMP, rel);
	view->expectation = find_expectation(column, rel);
	view->roleid = GetUserId();
	view->changes = cc_session_changes;
}
