/*-------------------------------------------------------------------------
 *
 * release.h
 *	  Which release the SQL objects are of that call this library.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_RELEASE_H
#define CC_RELEASE_H

/* Has it been looked up, and is it one that this library knows? */
extern bool cc_release_is_known;

extern void cc_release_init(void);
extern void cc_release_look_up(void);

/* Refuse to work with SQL objects that were made for another library. */
static inline void
cc_release_check(void)
{
	if (unlikely(!cc_release_is_known))
		cc_release_look_up();
}

#endif							/* CC_RELEASE_H */
