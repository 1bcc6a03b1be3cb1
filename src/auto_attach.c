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

/* List the tables that the command has made or altered, by their type, too. */
static List *
list_altered_tables(void)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext oldcontext;
	List	   *tables = NIL;

	SPI_connect();
	if (SPI_execute("WITH changed AS (SELECT objid, command_tag FROM pg_catalog.pg_event_trigger_ddl_commands()"
					" WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass)"
					" SELECT objid FROM changed"
					" WHERE command_tag LIKE 'CREATE%' OR command_tag LIKE 'ALTER%' OR command_tag = 'SELECT INTO'"
					" UNION "
					"SELECT t.oid FROM changed"
					" JOIN pg_catalog.pg_class c ON c.oid = objid"
					" JOIN pg_catalog.pg_class t ON t.reloftype = c.reltype"
					" WHERE command_tag = 'ALTER TYPE' ORDER BY 1",
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

/* Attach the new columns of a table; a child does as its parent does. */
static void
attach_columns(Relation rel, Oid function)
{
	for (int i = 0; i < RelationGetDescr(rel)->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(RelationGetDescr(rel), i);
		AttachRequest request = {
			.relid = rel->rd_id,
			.function = function,
			.column = NameStr(column->attname),
			.as_parent = true
		};

		/*
		 * (attached: perhaps by its parent, perhaps by what was done a moment
		 * ago)
		 */
		if (!column->attisdropped &&
			cc_attachment_domain_kind(column->atttypid, function) && is_new(column) &&
			cc_attachment_triggers(cc_catalog_require(rel->rd_id), function, request.column) == NIL)
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

	foreach(lc, list_altered_tables())
	{
		Relation	rel = cc_catalog_relation(lfirst_oid(lc));

		if (rel && (rel->rd_rel->relkind == RELKIND_RELATION ||
					rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ||
					rel->rd_rel->relkind == RELKIND_FOREIGN_TABLE))
			attach_columns(rel, cc_attachment_function(fcinfo));
	}
	PG_RETURN_NULL();
}
