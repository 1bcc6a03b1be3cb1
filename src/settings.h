/*-------------------------------------------------------------------------
 *
 * settings.h
 *	  The configuration parameters, as their administrator set them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_SETTINGS_H
#define CC_SETTINGS_H

/* concurrency.blind_writes, unjudged: policy.c does that at the write */
extern char *cc_blind_writes;

/* concurrency.conflict_sqlstate, as errcode() wants it */
extern int	cc_conflict_sqlstate;

/* concurrency.editor: whom the session speaks for; empty: its role */
extern char *cc_editor;

/* concurrency.max_lease, in seconds */
extern int	cc_max_lease;

/* concurrency.shortcut */
extern bool cc_shortcut;

extern void cc_settings_init(void);

#endif							/* CC_SETTINGS_H */
