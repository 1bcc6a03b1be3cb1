/*-------------------------------------------------------------------------
 *
 * attachment.h
 *	  Which columns of a table our triggers keep.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_ATTACHMENT_H
#define CC_ATTACHMENT_H

#include "fmgr.h"
#include "utils/rel.h"

/* The trigger that keeps a column. */
typedef struct Attachment
{
	Oid			trigger;
	NameData	name;
} Attachment;

extern Oid	cc_attachment_function(FunctionCallInfo fcinfo);
extern bool cc_attachment_keeps(const Trigger *trigger, Oid function,
								const char *column);
extern bool cc_attachment_is_regular(const Trigger *trigger);
extern bool cc_attachment_find(Relation rel, Oid function, const char *column,
							   Attachment *attachment);
extern List *cc_attachment_triggers(Relation rel, Oid function,
									const char *column);
extern char *cc_attachment_name(const char *column);
extern const char *cc_attachment_domain_kind(Oid typid, Oid function);
extern Bitmapset *cc_attachment_columns(Relation rel, Oid function);

#endif							/* CC_ATTACHMENT_H */
