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
#include "catalog/namespace.h"
#include "catalog/pg_trigger.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
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
		.tgnargs = form->tgnargs
	};

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
		ScanKeyData key;
		SysScanDesc scan;
		HeapTuple	tuple;
		Oid			parent = InvalidOid;

		ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber,
					F_OIDEQ, ObjectIdGetDatum(tgoid));
		scan = systable_beginscan(pg_trigger, TriggerOidIndexId, true, NULL, 1, &key);
		tuple = systable_getnext(scan);
		root = InvalidOid;
		if (HeapTupleIsValid(tuple))
		{
			root = tgoid;
			*relid = ((Form_pg_trigger) GETSTRUCT(tuple))->tgrelid;
			parent = ((Form_pg_trigger) GETSTRUCT(tuple))->tgparentid;
		}
		systable_endscan(scan);
		tgoid = parent;
	}
	table_close(pg_trigger, AccessShareLock);
	return root;
}

/*
 * Name a table for a command.
 */
char *
cc_catalog_table(Oid relid)
{
	Oid			schema = get_rel_namespace(relid);

	return quote_qualified_identifier(isTempNamespace(schema) ? "pg_temp" :
									  get_namespace_name(schema),
									  get_rel_name(relid));
}

/*
 * Does the current user own the table?
 */
bool
cc_catalog_is_owned(Oid relid)
{
	return class_ownercheck_compat(relid, GetUserId());
}
