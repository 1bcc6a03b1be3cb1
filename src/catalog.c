/*-------------------------------------------------------------------------
 *
 * catalog.c
 *	  Tables as the catalogs have them now, without a lock.
 *
 * To open a table waits for whoever alters it, and audit() must wait for nobody.
 * What is read here may be out of date by the time that it is looked at; who
 * needs more has locked the table, and then it is not.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/resowner.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "compat.h"

/* Read the columns.  NULL if some are gone already. */
static TupleDesc
read_columns(Oid relid, int natts)
{
	Form_pg_attribute *columns = palloc((natts + 1) * sizeof(Form_pg_attribute));

	for (int attnum = 1; attnum <= natts; attnum++)
	{
		HeapTuple	tuple = SearchSysCacheCopy2(ATTNUM, ObjectIdGetDatum(relid),
												Int16GetDatum(attnum));

		if (!HeapTupleIsValid(tuple))
			return NULL;
		columns[attnum - 1] = (Form_pg_attribute) GETSTRUCT(tuple);
	}
	return CreateTupleDesc(natts, columns);
}

/* Take a trigger's arguments apart: each ends with a zero. */
static char **
read_arguments(HeapTuple tuple, TupleDesc tupdesc, int nargs)
{
	bool		isnull;
	Datum		datum = heap_getattr(tuple, Anum_pg_trigger_tgargs, tupdesc, &isnull);
	bytea	   *bytes = DatumGetByteaPCopy(datum);
	char	   *arg = VARDATA(bytes);
	char	  **args = palloc(nargs * sizeof(char *));

	for (int i = 0; i < nargs; i++)
	{
		args[i] = arg;
		arg += strlen(arg) + 1;
	}
	return args;
}

/*
 * Describe a trigger, a row of pg_trigger, in the current memory context: what
 * of it is asked here.
 */
Trigger
cc_catalog_trigger(HeapTuple tuple, TupleDesc tupdesc)
{
	Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);
	Trigger		trigger = {
		.tgoid = form->oid,
		.tgname = pstrdup(NameStr(form->tgname)),
		.tgfoid = form->tgfoid,
		.tgtype = form->tgtype,
		.tgenabled = form->tgenabled,
		.tgisinternal = form->tgisinternal,
		.tgisclone = OidIsValid(form->tgparentid),
		.tgconstraint = form->tgconstraint,
		.tgnattr = form->tgattr.dim1,
		.tgnargs = form->tgnargs
	};

	/* whether there is a condition is all that is asked */
	if (!heap_attisnull(tuple, Anum_pg_trigger_tgqual, tupdesc))
		trigger.tgqual = "";

	if (trigger.tgnargs > 0)
		trigger.tgargs = read_arguments(tuple, tupdesc, trigger.tgnargs);
	return trigger;
}

/* Read the triggers, in the order of their names, as they fire. */
static TriggerDesc *
read_triggers(Oid relid)
{
	TriggerDesc *triggers = palloc0(sizeof(TriggerDesc));
	Relation	pg_trigger = table_open(TriggerRelationId, AccessShareLock);
	int			room = 8;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	triggers->triggers = palloc0(room * sizeof(Trigger));
	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(pg_trigger, TriggerRelidNameIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		if (triggers->numtriggers == room)
		{
			room *= 2;
			triggers->triggers = repalloc(triggers->triggers, room * sizeof(Trigger));
		}
		triggers->triggers[triggers->numtriggers++] =
			cc_catalog_trigger(tuple, RelationGetDescr(pg_trigger));
	}
	systable_endscan(scan);
	table_close(pg_trigger, AccessShareLock);
	return triggers;
}

/*
 * Describe a table by what the catalogs have now, in the current memory
 * context: its row of pg_class, its columns and its triggers, and nothing else
 * that a relation has.  Not to be closed.  NULL if it is not there.
 */
Relation
cc_catalog_relation(Oid relid)
{
	HeapTuple	tuple = SearchSysCacheCopy1(RELOID, ObjectIdGetDatum(relid));
	Relation	rel;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	rel = palloc0(sizeof(RelationData));
	rel->rd_id = relid;
	rel->rd_rel = (Form_pg_class) GETSTRUCT(tuple);
	rel->rd_att = read_columns(relid, rel->rd_rel->relnatts);
	if (rel->rd_att == NULL)
		return NULL;
	rel->rd_att->tdtypeid = rel->rd_rel->reltype;
	rel->trigdesc = read_triggers(relid);
	return rel;
}

/*
 * The same, where it has to be there.
 */
Relation
cc_catalog_require(Oid relid)
{
	Relation	rel = cc_catalog_relation(relid);

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u does not exist", relid)));
	return rel;
}

/*
 * Raise PostgreSQL's own error where the current user does not own the table,
 * which may be one that was read here, or an open one.
 */
void
cc_catalog_check_owner(Relation rel)
{
	if (!class_ownercheck_compat(RelationGetRelid(rel), GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(rel->rd_rel->relkind),
					   RelationGetRelationName(rel));
}

/*
 * Find a trigger, in the current memory context, and its table.  InvalidOid if
 * there is none.
 */
Oid
cc_catalog_find_trigger(Oid tgoid, Trigger *trigger)
{
	Relation	pg_trigger = table_open(TriggerRelationId, AccessShareLock);
	HeapTuple	tuple = get_catalog_object_by_oid(pg_trigger, Anum_pg_trigger_oid, tgoid);
	Oid			relid = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		*trigger = cc_catalog_trigger(tuple, RelationGetDescr(pg_trigger));
		relid = ((Form_pg_trigger) GETSTRUCT(tuple))->tgrelid;
	}
	table_close(pg_trigger, AccessShareLock);
	return relid;
}

/*
 * Find the trigger that this one is a clone of, as partitions have them of their
 * parent's, and its table: the ones that people know.  A trigger that is no
 * clone is its own.  InvalidOid where one is gone already.
 */
Oid
cc_catalog_root(Oid tgoid, Oid *relid)
{
	Relation	pg_trigger = table_open(TriggerRelationId, AccessShareLock);
	Oid			root = InvalidOid;

	*relid = InvalidOid;
	while (OidIsValid(tgoid))
	{
		HeapTuple	tuple = get_catalog_object_by_oid(pg_trigger, Anum_pg_trigger_oid, tgoid);
		Form_pg_trigger form;

		root = InvalidOid;
		if (!HeapTupleIsValid(tuple))
			break;
		form = (Form_pg_trigger) GETSTRUCT(tuple);
		root = tgoid;
		*relid = form->tgrelid;
		tgoid = form->tgparentid;
	}
	table_close(pg_trigger, AccessShareLock);
	return root;
}

/*
 * Name a table for a command.  What is dropped meanwhile may be without a schema.
 */
char *
cc_catalog_table(Relation rel)
{
	Oid			schema = RelationGetNamespace(rel);

	return quote_qualified_identifier(isTempNamespace(schema) ? "pg_temp" :
									  get_namespace_name(schema),
									  RelationGetRelationName(rel));
}

/*
 * Look through domains.  InvalidOid where one is gone already.
 */
Oid
cc_catalog_base_type(Oid typid)
{
	for (;;)
	{
		HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(typid));
		Form_pg_type form;
		Oid			base;

		if (!HeapTupleIsValid(tuple))
			return InvalidOid;
		form = (Form_pg_type) GETSTRUCT(tuple);
		base = form->typtype == TYPTYPE_DOMAIN ? form->typbasetype : InvalidOid;
		ReleaseSysCache(tuple);
		if (!OidIsValid(base))
			return typid;
		typid = base;
	}
}

/*
 * Look at what may be dropped meanwhile.  Returns the error, if any, in the current
 * memory context; a subtransaction gives back what it leaves.
 */
ErrorData *
cc_catalog_try(void (*look) (void *), void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		look(arg);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return error;
}
