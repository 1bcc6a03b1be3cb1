/*-------------------------------------------------------------------------
 *
 * attachments.c
 *	  What is attached, in SQL: version_triggers(), of which the view
 *	  attachments is made, and audit().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

#include "attachment.h"
#include "catalog.h"
#include "options.h"
#include "policy.h"
#include "version.h"

PG_FUNCTION_INFO_V1(version_triggers);

/* The columns of version_triggers(). */
typedef enum ResultColumn
{
	RESULT_TRIGGER,
	RESULT_ROOT,
	RESULT_IS_CLONE,
	RESULT_TABLE,
	RESULT_TRIGGER_NAME,
	RESULT_COLUMN_NAME,
	RESULT_COLUMN_NUMBER,
	RESULT_KIND,
	RESULT_PROTOCOL,
	RESULT_BLIND,
	RESULT_ON_CONFLICT,
	RESULT_WATCH,
	RESULT_IGNORE,
	RESULT_GUARD_DELETE,
	RESULT_STAMP_INSERT,
	RESULT_ENABLED,
	RESULT_COLUMN_DEFAULT
} ResultColumn;

#define RESULT_COUNT (RESULT_COLUMN_DEFAULT + 1)

/* One row of the result, in the making. */
typedef struct TriggerRow
{
	Datum		values[RESULT_COUNT];
	bool		nulls[RESULT_COUNT];
} TriggerRow;

static void
set_value(TriggerRow *row, ResultColumn column, Datum value)
{
	row->values[column] = value;
	row->nulls[column] = false;
}

static void
set_text(TriggerRow *row, ResultColumn column, const char *text)
{
	if (text)
		set_value(row, column, CStringGetTextDatum(text));
}

/* Fill in what the trigger says of itself. */
static void
describe_trigger(TriggerRow *row, const Trigger *trigger,
				 const TriggerOptions *options)
{
	set_value(row, RESULT_TRIGGER, ObjectIdGetDatum(trigger->tgoid));
	set_value(row, RESULT_IS_CLONE, BoolGetDatum(trigger->tgisclone));
	set_value(row, RESULT_TRIGGER_NAME,
			  DirectFunctionCall1(namein, CStringGetDatum(trigger->tgname)));
	if (trigger->tgnargs > 0)
		set_value(row, RESULT_COLUMN_NAME,
				  DirectFunctionCall1(namein, CStringGetDatum(trigger->tgargs[0])));
	set_value(row, RESULT_GUARD_DELETE, BoolGetDatum(options->guard_delete));
	set_value(row, RESULT_STAMP_INSERT, BoolGetDatum(options->stamp_insert));
	set_value(row, RESULT_ENABLED, CharGetDatum(trigger->tgenabled));
	for (int i = 0; i < OPTION_COUNT; i++)
		set_text(row, RESULT_KIND + i, options->text[i]);
	if (row->nulls[RESULT_BLIND])
		set_text(row, RESULT_BLIND, "allow");
	if (row->nulls[RESULT_ON_CONFLICT])
		set_text(row, RESULT_ON_CONFLICT, "error");
}

/* Fill in what follows from the column. */
static void
describe_column(TriggerRow *row, Oid relid, const char *name, const char *kind_name)
{
	HeapTuple	tuple = SearchSysCacheAttName(relid, name);
	Form_pg_attribute att;
	const VersionKind *kind;

	if (!HeapTupleIsValid(tuple))
		return;
	att = (Form_pg_attribute) GETSTRUCT(tuple);
	if (att->attnum > 0)
	{
		set_value(row, RESULT_COLUMN_NUMBER, Int16GetDatum(att->attnum));
		kind = cc_version_kind(kind_name, getBaseType(att->atttypid));
		if (kind)
		{
			set_text(row, RESULT_KIND, kind->name);
			set_text(row, RESULT_COLUMN_DEFAULT, kind->column_default);
			if (row->nulls[RESULT_PROTOCOL])
				set_text(row, RESULT_PROTOCOL, cc_policy_protocol_name(kind->protocol));
		}
	}
	ReleaseSysCache(tuple);
}

/*
 * version_triggers() RETURNS SETOF record
 *
 * Our triggers, those that partitions have from their parents included, with
 * every option.  Opens no table but the catalog.
 */
Datum
version_triggers(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	pg_trigger = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	InitMaterializedSRF(fcinfo, 0);
	ScanKeyInit(&key, Anum_pg_trigger_tgfoid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(cc_attachment_function(fcinfo)));
	scan = systable_beginscan(pg_trigger, InvalidOid, false, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);
		Trigger		trigger = cc_catalog_trigger(tuple, RelationGetDescr(pg_trigger));
		TriggerOptions options = cc_options_read(trigger.tgnargs, trigger.tgargs,
												 trigger.tgtype);
		TriggerRow	row;
		Oid			root_table;

		memset(row.nulls, true, sizeof(row.nulls));
		set_value(&row, RESULT_ROOT, ObjectIdGetDatum(cc_catalog_root(form->oid, &root_table)));
		set_value(&row, RESULT_TABLE, ObjectIdGetDatum(form->tgrelid));
		describe_trigger(&row, &trigger, &options);
		if (trigger.tgnargs > 0)
			describe_column(&row, form->tgrelid, trigger.tgargs[0],
							options.text[OPTION_KIND]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, row.values,
							 row.nulls);
	}
	systable_endscan(scan);
	table_close(pg_trigger, AccessShareLock);
	return (Datum) 0;
}
