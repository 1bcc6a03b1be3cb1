/*-------------------------------------------------------------------------
 *
 * key.h
 *	  A table's primary key, by which people tell its rows apart.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_KEY_H
#define CC_KEY_H

#include "utils/rel.h"

extern Relation cc_key_open(Relation rel);
extern char *cc_key_text(Relation index, char **values);

#endif							/* CC_KEY_H */
