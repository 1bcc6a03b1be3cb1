/*-------------------------------------------------------------------------
 *
 * attachments.c
 *	  What is attached, in SQL: version_triggers(), of which the view
 *	  attachments is made.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
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
	RESULT_ROOT_TABLE,
	RESULT_IS_CLONE,
	RESULT_IS_REGULAR,
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
	RESULT_EDITS,
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

/* Fill in one column. */
static void
set_value(TriggerRow *row, ResultColumn column, Datum value)
{
	row->values[column] = value;
	row->nulls[column] = false;
}

/* The same for a text, which stays null where there is none. */
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
	set_value(row, RESULT_IS_REGULAR, BoolGetDatum(cc_attachment_is_regular(trigger)));
	set_value(row, RESULT_TRIGGER_NAME,
			  DirectFunctionCall1(namein, CStringGetDatum(trigger->tgname)));
	if (trigger->tgnargs > 0)
		set_value(row, RESULT_COLUMN_NAME,
				  DirectFunctionCall1(namein, CStringGetDatum(trigger->tgargs[0])));
	set_value(row, RESULT_GUARD_DELETE, BoolGetDatum(options->guard_delete));
	set_value(row, RESULT_STAMP_INSERT, BoolGetDatum(options->stamp_insert));
	set_value(row, RESULT_ENABLED, CharGetDatum(trigger->tgenabled));
	for (int i = 0; i < OPTION_COUNT; i++)
		set_text(row, RESULT_KIND + i,
				 options->text[i] ? options->text[i] : cc_options_defaults[i]);
}

/* Fill in what follows from the column. */
static void
describe_column(TriggerRow *row, Oid relid, const char *name, const char *kind_name)
{
	HeapTuple	tuple = SearchSysCacheAttName(relid, name);
	Form_pg_attribute att;

	if (!HeapTupleIsValid(tuple))
		return;
	att = (Form_pg_attribute) GETSTRUCT(tuple);
	if (att->attnum > 0)
	{
		const VersionKind *kind = cc_version_kind(kind_name,
												  cc_catalog_base_type(att->atttypid));

		set_value(row, RESULT_COLUMN_NUMBER, Int16GetDatum(att->attnum));
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

/* Fill in the trigger that people know, whose clone this one may be. */
static void
describe_root(TriggerRow *row, const Trigger *trigger, Oid relid)
{
	Oid			root = trigger->tgoid;

	if (trigger->tgisclone)
		root = cc_catalog_root(root, &relid);
	set_value(row, RESULT_ROOT, ObjectIdGetDatum(root));
	set_value(row, RESULT_ROOT_TABLE, ObjectIdGetDatum(relid));
}

/* Describe a trigger, a row of pg_trigger. */
static TriggerRow
describe_row(HeapTuple tuple, TupleDesc tupdesc)
{
	Oid			relid = ((Form_pg_trigger) GETSTRUCT(tuple))->tgrelid;
	Trigger		trigger = cc_catalog_trigger(tuple, tupdesc);
	TriggerOptions options = cc_options_of(&trigger);
	TriggerRow	row;

	memset(row.nulls, true, sizeof(row.nulls));
	set_value(&row, RESULT_TABLE, ObjectIdGetDatum(relid));
	describe_root(&row, &trigger, relid);
	describe_trigger(&row, &trigger, &options);
	if (trigger.tgnargs > 0)
		describe_column(&row, relid, trigger.tgargs[0], options.text[OPTION_KIND]);
	return row;
}

/* Begin to look at the triggers of a table, or at all if there is none. */
static SysScanDesc
begin_scan(Relation pg_trigger, Oid relid)
{
	ScanKeyData key;

	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	return systable_beginscan(pg_trigger, TriggerRelidNameIndexId,
							  OidIsValid(relid), NULL, OidIsValid(relid) ? 1 : 0,
							  &key);
}

/*
 * version_triggers(for_table oid) RETURNS SETOF record
 *
 * Our triggers, those that partitions have from their parents included, with
 * every option; of one table only, if one is given.  Opens no table but the
 * catalog.  Other sessions' temporary tables are theirs.
 */
Datum
version_triggers(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			function = cc_attachment_function(fcinfo);
	Relation	pg_trigger = table_open(TriggerRelationId, AccessShareLock);
	SysScanDesc scan = begin_scan(pg_trigger, PG_ARGISNULL(0) ? InvalidOid : PG_GETARG_OID(0));
	HeapTuple	tuple;

	InitMaterializedSRF(fcinfo, 0);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);
		TriggerRow	row;

		if (form->tgfoid != function ||
			isOtherTempNamespace(get_rel_namespace(form->tgrelid)))
			continue;
		row = describe_row(tuple, RelationGetDescr(pg_trigger));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, row.values,
							 row.nulls);
	}
	systable_endscan(scan);
	table_close(pg_trigger, AccessShareLock);
	return (Datum) 0;
}
