/*-------------------------------------------------------------------------
 *
 * obstacle.h
 *	  What keeps a column from being a version column.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_OBSTACLE_H
#define CC_OBSTACLE_H

extern void cc_obstacle_check(Oid relid, const char *column);
extern void cc_obstacle_check_rights(Oid relid);

#endif							/* CC_OBSTACLE_H */
