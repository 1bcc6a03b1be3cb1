/*-------------------------------------------------------------------------
 *
 * shortcut_trigger.h
 *	  One of our triggers, where it need not be called.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_SHORTCUT_TRIGGER_H
#define CC_SHORTCUT_TRIGGER_H

#include "nodes/execnodes.h"

#include "policy.h"

/* A trigger that the executor would call for each row. */
typedef struct ShortcutTrigger
{
	Trigger    *trigger;
	FmgrInfo   *function;		/* the executor's, with the policy that the
								 * trigger itself goes by */
	const VersionPolicy *policy;	/* NULL until a row is judged by it */
	bool		is_sent;		/* does SET name its version? */
	VersionValue next;			/* of the row at hand */
} ShortcutTrigger;

extern void cc_shortcut_trigger_init(void);
extern bool cc_shortcut_trigger_may_be_ours(const Trigger *trigger);
extern const char *cc_shortcut_trigger_prepare(ShortcutTrigger *trigger,
											   ResultRelInfo *table,
											   EState *estate);

#endif							/* CC_SHORTCUT_TRIGGER_H */
