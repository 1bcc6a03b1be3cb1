/*-------------------------------------------------------------------------
 *
 * auto_attach.c
 *	  Attaching new columns of our types by themselves, in SQL: the event
 *	  trigger attach_new_columns().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_type.h"
#include "commands/event_trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "attachment.h"
#include "catalog.h"
#include "perform.h"

PG_FUNCTION_INFO_V1(attach_new_columns);

/* List the tables that the command has made or altered. */
static List *
altered_tables(void)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext oldcontext;
	List	   *tables = NIL;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute("SELECT DISTINCT objid FROM pg_catalog.pg_event_trigger_ddl_commands()"
					" WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass"
					" AND command_tag NOT LIKE 'COMMENT%' ORDER BY objid",
					true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not ask for the command's tables");
	oldcontext = MemoryContextSwitchTo(context);
	for (int i = 0; i < SPI_processed; i++)
	{
		bool		isnull;

		tables = lappend_oid(tables, DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[i],
																	SPI_tuptable->tupdesc,
																	1, &isnull)));
	}
	MemoryContextSwitchTo(oldcontext);
	SPI_finish();
	return tables;
}

/* Is the column of one of our types? */
static bool
asks_for_trigger(Form_pg_attribute column, Oid schema)
{
	static const char *const types[] = {"version", "clock_version"};

	for (int i = 0; i < lengthof(types); i++)
	{
		if (!column->attisdropped &&
			column->atttypid == GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
												CStringGetDatum(types[i]),
												ObjectIdGetDatum(schema)))
			return true;
	}
	return false;
}

/*
 * Is the column new?  It is where its dependency on its type is of this
 * transaction: what else is done to it, or to its table, leaves that alone.
 */
static bool
is_new(Form_pg_attribute column)
{
	Relation	pg_depend = table_open(DependRelationId, AccessShareLock);
	bool		found = false;
	ScanKeyData keys[3];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(RelationRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(column->attrelid));
	ScanKeyInit(&keys[2], Anum_pg_depend_objsubid, BTEqualStrategyNumber,
				F_INT4EQ, Int32GetDatum(column->attnum));
	scan = systable_beginscan(pg_depend, DependDependerIndexId, true, NULL, 3, keys);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		found = form->refclassid == TypeRelationId &&
			form->refobjid == column->atttypid &&
			TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data));
	}
	systable_endscan(scan);
	table_close(pg_depend, AccessShareLock);
	return found;
}

/* Does a trigger keep the column, perhaps its parent's? */
static bool
is_attached(Oid relid, Oid function, const char *column)
{
	Relation	rel = cc_catalog_relation(relid);

	for (int i = 0; rel && i < rel->trigdesc->numtriggers; i++)
	{
		if (cc_attachment_keeps(&rel->trigdesc->triggers[i], function, column))
			return true;
	}
	return false;
}

/* Attach the new columns of a table; a child does as its parent does. */
static void
attach_columns(Relation rel, Oid function)
{
	Oid			schema = get_func_namespace(function);

	for (int i = 0; i < RelationGetDescr(rel)->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(RelationGetDescr(rel), i);
		AttachRequest request = {
			.relid = rel->rd_id,
			.function = function,
			.column = NameStr(column->attname),
			.as_parent = true
		};

		if (asks_for_trigger(column, schema) && is_new(column) &&
			!is_attached(rel->rd_id, function, request.column))
			cc_perform_attach(&request);
	}
}

/*
 * attach_new_columns() RETURNS event_trigger
 *
 * At the end of a command, attach every new column of our types.
 */
Datum
attach_new_columns(PG_FUNCTION_ARGS)
{
	ListCell   *lc;

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by event trigger manager",
						"concurrency.attach_new_columns"),
				 errhint("Turn it on with concurrency.auto_attach().")));

	foreach(lc, altered_tables())
	{
		Relation	rel = cc_catalog_relation(lfirst_oid(lc));

		if (rel && (rel->rd_rel->relkind == RELKIND_RELATION ||
					rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ||
					rel->rd_rel->relkind == RELKIND_FOREIGN_TABLE))
			attach_columns(rel, cc_attachment_function(fcinfo));
	}
	PG_RETURN_NULL();
}
