/*-------------------------------------------------------------------------
 *
 * argument.h
 *	  What the functions that SQL calls are given, and what they refuse.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_ARGUMENT_H
#define CC_ARGUMENT_H

#include "fmgr.h"
#include "utils/rel.h"

#include "attachment.h"
#include "compat.h"
#include "version.h"

extern void cc_argument_require(FunctionCallInfo fcinfo, int i, const char *name);
extern Relation cc_argument_table(FunctionCallInfo fcinfo, LOCKMODE lockmode,
								  const char *column, Attachment *attachment);
extern VersionValue cc_argument_version(FunctionCallInfo fcinfo, int i,
										const VersionColumn *column);
pg_noreturn extern void cc_argument_refuse(FunctionCallInfo fcinfo,
										   const char *name, const char *hint);

#endif							/* CC_ARGUMENT_H */
