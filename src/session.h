/*-------------------------------------------------------------------------
 *
 * session.h
 *	  What this transaction was told of its own writes: switches and
 *	  expectations, undone with it and its savepoints.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_SESSION_H
#define CC_SESSION_H

#include "utils/rel.h"

#include "version.h"

typedef enum SessionTopic
{
	SESSION_SKIP_CHECK,
	SESSION_SKIP_BUMP,
	SESSION_EXPECT
} SessionTopic;

/* One thing that the transaction was told. */
typedef struct SessionNote
{
	SessionTopic topic;
	Oid			relid;			/* or InvalidOid: all that the role owns */
	Oid			roleid;			/* who told it */
	bool		is_on;			/* false: older notes no longer hold */
	CommandId	told;			/* the command that told it */

	/* of expectations */
	NameData	column;
	Oid			typid;			/* of the column, domains looked through */
	VersionValue version;
	bool		typbyval;

	/* where it stands */
	SubTransactionId subid;
	struct SessionNote *next;
} SessionNote;

/* The newest note; NULL, almost always, if there is none. */
extern SessionNote *cc_session_notes;

extern void cc_session_init(void);
extern void cc_session_tell(const SessionNote *note, bool typbyval, int16 typlen);
extern bool cc_session_switch_is_on(SessionTopic topic, Relation rel);
extern const SessionNote *cc_session_expectation(const VersionColumn *column,
												 Relation rel);

#endif							/* CC_SESSION_H */
