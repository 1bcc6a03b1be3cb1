/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Differences between the PostgreSQL majors that are supported.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_COMPAT_H
#define CC_COMPAT_H

#include "catalog/pg_class.h"
#include "utils/acl.h"

#if PG_VERSION_NUM < 150000
#error "concurrency needs PostgreSQL 15 or later"
#endif

/* 18 moved the attribute to where C23 wants it. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

/* Does the role own the table?  16 made one function of many. */
static inline bool
class_ownercheck_compat(Oid relid, Oid roleid)
{
#if PG_VERSION_NUM >= 160000
	return object_ownercheck(RelationRelationId, relid, roleid);
#else
	return pg_class_ownercheck(relid, roleid);
#endif
}

#endif							/* CC_COMPAT_H */
