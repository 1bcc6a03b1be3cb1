/*-------------------------------------------------------------------------
 *
 * catalog.h
 *	  Tables as the catalogs have them now, without a lock.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_CATALOG_H
#define CC_CATALOG_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "utils/rel.h"

extern Relation cc_catalog_relation(Oid relid);
extern Relation cc_catalog_require(Oid relid);
extern void cc_catalog_check_owner(Relation rel);
extern Trigger cc_catalog_trigger(HeapTuple tuple, TupleDesc tupdesc);
extern Oid	cc_catalog_find_trigger(Oid tgoid, Trigger *trigger);
extern Oid	cc_catalog_root(Oid tgoid, Oid *relid);
extern char *cc_catalog_table(Relation rel);
extern Oid	cc_catalog_base_type(Oid typid);
extern ErrorData *cc_catalog_try(void (*look) (void *), void *arg);

#endif							/* CC_CATALOG_H */
