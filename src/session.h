/*-------------------------------------------------------------------------
 *
 * session.h
 *	  What this transaction was told of its own writes: switches, expectations
 *	  and asserted rows, undone with it and its savepoints.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_SESSION_H
#define CC_SESSION_H

#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/rel.h"

#include "version.h"

typedef enum SessionTopic
{
	SESSION_SKIP_CHECK,
	SESSION_SKIP_BUMP,
	SESSION_EXPECT,
	SESSION_UNMET				/* an expectation that another has replaced */
} SessionTopic;

/* A table as it was named, should it be renamed or dropped since. */
typedef struct SessionTable
{
	NameData	schema;
	NameData	name;
} SessionTable;

/* One thing that the transaction was told. */
typedef struct SessionNote
{
	SessionTopic topic;
	Oid			relid;			/* or InvalidOid: all that the role owns */
	Oid			roleid;			/* who told it */
	bool		is_on;			/* false: older notes no longer hold */
	CommandId	told;			/* the command that told it */

	/* of expectations */
	SessionTable table;
	NameData	column;
	Oid			typid;			/* of the column, domains looked through */
	VersionValue version;
	int16		typlen;
	bool		typbyval;
	bool		is_met;			/* has a write been judged by it? */

	/* where it stands */
	SubTransactionId subid;
	struct SessionNote *next;
} SessionNote;

/* What the transaction was told of one column's writes in one statement. */
typedef struct SessionView
{
	uint64		changes;		/* cc_session_changes, when it was made */
	Oid			roleid;			/* who writes */
	bool		skips_check;
	bool		skips_bump;
	SessionNote *expectation;	/* or NULL */
} SessionView;

/* What assert_current() says of a row, other than where it is. */
typedef struct SessionAssertion
{
	SessionTable table;
	const char *column;
	bool		is_guard;		/* does the statement that asserts write, too? */
} SessionAssertion;

/* The newest note; NULL, almost always, if there is none. */
extern SessionNote *cc_session_notes;

/* How often that has changed what the notes say. */
extern uint64 cc_session_changes;

extern void cc_session_init(void);
extern void cc_session_tell(const SessionNote *note);
extern SessionTable cc_session_table(Relation rel);
extern void cc_session_assert(Relation rel, ItemPointer tid,
							  const SessionAssertion *assertion);
extern bool cc_session_is_asserted(Relation rel, ItemPointer tid,
								   const char *column);
extern void cc_session_make_view(SessionView *view, const VersionColumn *column,
								 Relation rel);

/*
 * Bring a view up to date.  It is made once a statement, unless the statement
 * itself tells something, or goes on as another role.
 */
static inline void
cc_session_view(SessionView *view, const VersionColumn *column, Relation rel)
{
	if (view->changes != cc_session_changes || view->roleid != GetUserId())
		cc_session_make_view(view, column, rel);
}

#endif							/* CC_SESSION_H */
