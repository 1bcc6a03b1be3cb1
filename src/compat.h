/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Differences between the PostgreSQL majors that are supported.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_COMPAT_H
#define CC_COMPAT_H

#include "access/genam.h"
#include "access/tableam.h"
#include "access/tupdesc.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "nodes/execnodes.h"
#include "nodes/plannodes.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#if PG_VERSION_NUM >= 160000
#include "utils/guc_tables.h"
#endif
#if PG_VERSION_NUM >= 170000
#include "storage/dsm_registry.h"
#endif

#if PG_VERSION_NUM < 150000
#error "concurrency needs PostgreSQL 15 or later"
#endif

/*
 * Has somebody read how this major's executor updates a row?  The shortcut says
 * what it relies on, in shortcut_row.c: so are nodeModifyTable.c and trigger.c in
 * 15.18, 17.0 and 18.6.  Later minor releases have to pass the tests that compare
 * it off and on.
 */
#define EXECUTOR_IS_KNOWN \
	(PG_VERSION_NUM / 10000 == 15 || PG_VERSION_NUM / 10000 == 17 || \
	 PG_VERSION_NUM / 10000 == 18)

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

/*
 * Was a parameter given a value when the session started?  16 made an empty string
 * of the null that told it, and shows where a value comes from.
 */
static inline bool
config_option_was_given_compat(const char *name)
{
#if PG_VERSION_NUM >= 160000
	struct config_generic *option = find_option(name, false, true, DEBUG5);

	return option != NULL && option->reset_source != PGC_S_DEFAULT;
#else
	return GetConfigOption(name, true, false) != NULL &&
		GetConfigOptionResetString(name) != NULL;
#endif
}

/* Is the table's storage of this transaction?  16 gave the field another name. */
static inline bool
relation_has_new_storage_compat(Relation rel)
{
#if PG_VERSION_NUM >= 160000
	SubTransactionId since = rel->rd_firstRelfilelocatorSubid;
#else
	SubTransactionId since = rel->rd_firstRelfilenodeSubid;
#endif

	return rel->rd_createSubid != InvalidSubTransactionId ||
		since != InvalidSubTransactionId;
}

/* Does the type, if it is a domain, restrict its values?  19 tells more. */
static inline bool
domain_has_constraints_compat(Oid typid)
{
#if PG_VERSION_NUM >= 190000
	return DomainHasConstraints(typid, NULL);
#else
	return DomainHasConstraints(typid);
#endif
}

/*
 * Find shared memory by its name, or make it, from 17 on.  19 hands something on
 * to what fills it, if one wants that.
 */
#if PG_VERSION_NUM >= 190000
#define DSM_INIT_PARAMETERS(segment) void *segment, void *arg
#define named_dsm_segment_compat(name, size, init, found) \
	GetNamedDSMSegment(name, size, init, found, NULL)
#else
#define DSM_INIT_PARAMETERS(segment) void *segment
#define named_dsm_segment_compat(name, size, init, found) \
	GetNamedDSMSegment(name, size, init, found)
#endif

/*
 * Begin to scan an index.  18 counts for EXPLAIN, if one wants that, and 19 takes
 * hints.
 */
static inline IndexScanDesc
index_beginscan_compat(Relation heap, Relation index, Snapshot snapshot, int nkeys)
{
#if PG_VERSION_NUM >= 190000
	return index_beginscan(heap, index, snapshot, NULL, nkeys, 0, SO_NONE);
#elif PG_VERSION_NUM >= 180000
	return index_beginscan(heap, index, snapshot, NULL, nkeys, 0);
#else
	return index_beginscan(heap, index, snapshot, nkeys, 0);
#endif
}

/* Raise PostgreSQL's own error if the role may not call the function. */
static inline void
function_execute_check_compat(Oid function, Oid roleid)
{
	Oid			schema = get_func_namespace(function);
	AclResult	result;

#if PG_VERSION_NUM >= 160000
	result = object_aclcheck(NamespaceRelationId, schema, roleid, ACL_USAGE);
#else
	result = pg_namespace_aclcheck(schema, roleid, ACL_USAGE);
#endif
	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_SCHEMA, get_namespace_name(schema));

#if PG_VERSION_NUM >= 160000
	result = object_aclcheck(ProcedureRelationId, function, roleid, ACL_EXECUTE);
#else
	result = pg_proc_aclcheck(function, roleid, ACL_EXECUTE);
#endif
	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_FUNCTION, get_func_name(function));
}

/* The number of a catalog cache.  19 made an enum of it. */
#if PG_VERSION_NUM >= 190000
typedef SysCacheIdentifier syscache_id_compat;
#else
typedef int syscache_id_compat;
#endif

/* What each table's UPDATE sets.  18 prunes the list with the tables. */
static inline List *
update_colnos_lists_compat(ModifyTableState *statement)
{
#if PG_VERSION_NUM >= 180000
	return statement->mt_updateColnosLists;
#else
	return ((ModifyTable *) statement->ps.plan)->updateColnosLists;
#endif
}

#endif							/* CC_COMPAT_H */
