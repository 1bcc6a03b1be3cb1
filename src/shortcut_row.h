/*-------------------------------------------------------------------------
 *
 * shortcut_row.h
 *	  What is done to a row that takes the shortcut.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_SHORTCUT_ROW_H
#define CC_SHORTCUT_ROW_H

#include "shortcut_trigger.h"

/* What stands in front of the projection that forms a table's new rows. */
typedef struct Shortcut
{
	ProjectionInfo front;		/* what the executor takes for it */
	ProjectionInfo *projection; /* the real one */
	ModifyTableState *statement;
	ResultRelInfo *table;
	int			session_role;	/* by which it was found out what is called */
	uint64		session_changes;	/* when the row at hand was accepted */
	int			ntriggers;
	ShortcutTrigger triggers[FLEXIBLE_ARRAY_MEMBER];
} Shortcut;

extern Datum cc_shortcut_form_row(ExprState *state, ExprContext *econtext,
								  bool *isnull);
extern void cc_shortcut_report(ResultRelInfo *table, const char *obstacle);

#endif							/* CC_SHORTCUT_ROW_H */
