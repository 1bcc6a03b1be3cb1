/*-------------------------------------------------------------------------
 *
 * shortcut.h
 *	  Updates whose trigger has nothing to say, and need not be called.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_SHORTCUT_H
#define CC_SHORTCUT_H

extern void cc_shortcut_init(void);

#endif							/* CC_SHORTCUT_H */
