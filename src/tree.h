/*-------------------------------------------------------------------------
 *
 * tree.h
 *	  A table with its partitions and inheritance children: who may change it,
 *	  its lock, and its members.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_TREE_H
#define CC_TREE_H

#include "nodes/pg_list.h"
#include "storage/lockdefs.h"

extern void cc_tree_lock(Oid relid, LOCKMODE lockmode, bool as_owner);
extern List *cc_tree_members(Oid relid);
extern List *cc_tree_parents(Oid relid);
extern Oid	cc_tree_origin(Oid relid, const char *column);

#endif							/* CC_TREE_H */
