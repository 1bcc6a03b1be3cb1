/*-------------------------------------------------------------------------
 *
 * handler.h
 *	  Conflict handlers: functions by which a table's owner decides.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_HANDLER_H
#define CC_HANDLER_H

#include "commands/trigger.h"
#include "utils/rel.h"

extern bool cc_handler_fits(const char *name, Relation home);
extern Oid	cc_handler_check(const char *name, Relation home);
extern HeapTuple cc_handler_call(const char *name, Oid home,
								 TriggerData *trigdata);

#endif							/* CC_HANDLER_H */
