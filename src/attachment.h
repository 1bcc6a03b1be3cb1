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

extern Oid	cc_attachment_function(FunctionCallInfo fcinfo);
extern const Trigger *cc_attachment_of(Relation rel, Oid function,
									   const char *column);
extern Bitmapset *cc_attachment_columns(Relation rel, Oid function);

#endif							/* CC_ATTACHMENT_H */
