/*-------------------------------------------------------------------------
 *
 * tree.c
 *	  A table with its partitions and inheritance children: who may change it,
 *	  its lock, and its members.
 *
 * Everything here sees the catalogs as they are now, at every isolation level.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "catalog.h"
#include "tree.h"

/* Raise PostgreSQL's own error where the current user may not change the table. */
static void
check_rights(Oid relid, bool as_owner)
{
	Relation	rel = cc_catalog_require(relid);
	AclResult	result;

	if (as_owner)
	{
		cc_catalog_check_owner(rel);
		return;
	}
	result = pg_class_aclcheck(relid, GetUserId(), ACL_TRIGGER);
	if (result != ACLCHECK_OK)
		aclcheck_error(result, get_relkind_objtype(rel->rd_rel->relkind),
					   RelationGetRelationName(rel));
}

/*
 * Lock a table and then its tree, until the end of the transaction.  Rights come
 * first: who has not those of ALTER TABLE (as_owner) or of CREATE TRIGGER does
 * not even wait.
 */
void
cc_tree_lock(Oid relid, LOCKMODE lockmode, bool as_owner)
{
	ListCell   *lc;

	foreach(lc, cc_tree_members(relid))
		check_rights(lfirst_oid(lc), as_owner);
	LockRelationOid(relid, lockmode);
	cc_catalog_require(relid);
	find_all_inheritors(relid, lockmode, NULL);
}

/* Follow pg_inherits, by one of its columns, in the order of an index. */
static List *
list_relatives(Oid relid, AttrNumber attnum, Oid indexid, bool children)
{
	Relation	pg_inherits = table_open(InheritsRelationId, AccessShareLock);
	List	   *relatives = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, attnum, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(pg_inherits, indexid, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_inherits form = (Form_pg_inherits) GETSTRUCT(tuple);

		relatives = lappend_oid(relatives, children ? form->inhrelid : form->inhparent);
	}
	systable_endscan(scan);
	table_close(pg_inherits, AccessShareLock);
	return relatives;
}

/*
 * List a table and all that is below it, parents before children.  Without a
 * lock, some may be gone already; find_all_inheritors() would raise an error.
 */
List *
cc_tree_members(Oid relid)
{
	List	   *members = list_make1_oid(relid);

	for (int i = 0; i < list_length(members); i++)
	{
		List	   *children = list_relatives(list_nth_oid(members, i),
											  Anum_pg_inherits_inhparent,
											  InheritsParentIndexId, true);

		list_sort(children, list_oid_cmp);
		members = list_concat_unique_oid(members, children);
	}
	return members;
}

/*
 * List the tables that this one inherits from, in the order of its definition.
 */
List *
cc_tree_parents(Oid relid)
{
	return list_relatives(relid, Anum_pg_inherits_inhrelid,
						  InheritsRelidSeqnoIndexId, false);
}

/*
 * Find the topmost table from which this one inherits a column: itself, if it
 * inherits it from none.  Follows the first of several parents.
 */
Oid
cc_tree_origin(Oid relid, const char *column)
{
	ListCell   *lc;

	foreach(lc, cc_tree_parents(relid))
	{
		if (get_attnum(lfirst_oid(lc), column) != InvalidAttrNumber)
			return cc_tree_origin(lfirst_oid(lc), column);
	}
	return relid;
}
