/*-------------------------------------------------------------------------
 *
 * condition.c
 *	  What bumps: "watch" and "ignore", the columns whose change counts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/spi.h"
#include "executor/tuptable.h"
#include "nodes/bitmapset.h"
#include "utils/datum.h"
#include "utils/varlena.h"

#include "condition.h"
#include "place.h"

struct BumpCondition
{
	int			ncolumns;
	ColumnPlace columns[FLEXIBLE_ARRAY_MEMBER]; /* ascending */
};

/* Refuse a name that is no column whose change could count. */
static void
check_column(const ConditionRequest *request, Relation rel, const char *name,
			 int attnum)
{
	const char *option = request->watch ? "watch" : "ignore";

	if (attnum <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" in option \"%s\" of the version trigger on table \"%s\" does not exist",
						name, option, RelationGetRelationName(rel)),
				 errhint("Name columns as in SQL, separated by commas, and in double quotes where they need them."),
				 errtable(rel)));
	if (attnum == request->version)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" of the version trigger on table \"%s\" names the version column",
						option, RelationGetRelationName(rel)),
				 errhint("Leave it out: version columns never count."),
				 errtablecol(rel, attnum)));
	if (TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attgenerated)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" of the version trigger on table \"%s\" names the generated column \"%s\"",
						option, RelationGetRelationName(rel), name),
				 errhint("Name the columns that it is computed from."),
				 errtablecol(rel, attnum)));
}

/* Refuse another version column, whose bumps are no changes. */
static void
check_not_version(const ConditionRequest *request, Relation rel,
				  const char *name, int attnum)
{
	if (request->watch && bms_is_member(attnum, request->versions))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"watch\" of the version trigger on table \"%s\" names the version column \"%s\"",
						RelationGetRelationName(rel), name),
				 errhint("Leave it out: version columns never count."),
				 errtablecol(rel, attnum)));
}

/* Find the columns that a list names. */
static Bitmapset *
find_columns(const ConditionRequest *request, Relation rel)
{
	const char *names = request->watch ? request->watch : request->ignore;
	Bitmapset  *columns = NULL;
	List	   *list;
	ListCell   *lc;

	if (!SplitIdentifierString(pstrdup(names), ',', &list) || list == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid list of columns in option \"%s\" of the version trigger on table \"%s\": \"%s\"",
						request->watch ? "watch" : "ignore",
						RelationGetRelationName(rel), names),
				 errhint("Name columns as in SQL, separated by commas, and in double quotes where they need them."),
				 errtable(rel)));
	foreach(lc, list)
	{
		int			attnum = SPI_fnumber(RelationGetDescr(rel), lfirst(lc));

		check_column(request, rel, lfirst(lc), attnum);
		check_not_version(request, rel, lfirst(lc), attnum);
		columns = bms_add_member(columns, attnum);
	}
	return columns;
}

/*
 * Build the condition that a trigger was told, in the current memory context.
 */
const BumpCondition *
cc_condition_build(const ConditionRequest *request, Relation rel)
{
	TupleDesc	tupdesc = RelationGetDescr(rel);
	bool		watch_all;
	Bitmapset  *named = NULL;
	BumpCondition *condition;

	watch_all = request->watch && strcmp(request->watch, "*") == 0;
	if (!watch_all)
		named = find_columns(request, rel);

	condition = palloc0(offsetof(BumpCondition, columns) +
						tupdesc->natts * sizeof(ColumnPlace));
	for (int attnum = 1; attnum <= tupdesc->natts; attnum++)
	{
		Form_pg_attribute att = TupleDescAttr(tupdesc, attnum - 1);
		bool		counts;

		counts = watch_all ||
			bms_is_member(attnum, named) == (request->watch != NULL);
		if (counts && !att->attisdropped && !att->attgenerated &&
			!bms_is_member(attnum, request->versions))
			condition->columns[condition->ncolumns++] = cc_place_of(tupdesc, attnum);
	}
	return condition;
}

/*
 * Does a list of columns, as the options have it, name this one?  (* names none.)
 */
bool
cc_condition_names(const char *names, const char *column)
{
	List	   *list;
	ListCell   *lc;

	if (strcmp(names, "*") == 0 ||
		!SplitIdentifierString(pstrdup(names), ',', &list))
		return false;
	foreach(lc, list)
	{
		if (strcmp(lfirst(lc), column) == 0)
			return true;
	}
	return false;
}

/*
 * A value as a row gives it back: functions that compute one may set more bits than
 * it has.  datum_image_eq() knows that only in later minor releases.
 */
static inline Datum
as_stored(Datum value, Form_pg_attribute att)
{
	switch (att->attlen)
	{
		case sizeof(char):
			return CharGetDatum(DatumGetChar(value));
		case sizeof(int16):
			return Int16GetDatum(DatumGetInt16(value));
		case sizeof(int32):
			return Int32GetDatum(DatumGetInt32(value));
		default:
			return value;
	}
}

/*
 * Are two values the same as stored?  What was not touched is the very same
 * bytes, perhaps a pointer to a toasted value, which then need not be fetched.
 */
static bool
is_same_value(Datum a, Datum b, Form_pg_attribute att)
{
	if (att->attbyval)
		return as_stored(a, att) == as_stored(b, att);
	if (att->attlen == -1)
	{
		Pointer		pa = DatumGetPointer(a);
		Pointer		pb = DatumGetPointer(b);

		if (VARSIZE_ANY(pa) == VARSIZE_ANY(pb) &&
			memcmp(pa, pb, VARSIZE_ANY(pa)) == 0)
			return true;
	}
	return datum_image_eq(a, b, false, att->attlen);
}

/* Did a column change? */
static inline bool
values_differ(NullableDatum old, NullableDatum new, Form_pg_attribute att)
{
	if (old.isnull || new.isnull)
		return old.isnull != new.isnull;
	return !is_same_value(old.value, new.value, att);
}

/*
 * Did a column change?
 *
 * By the slots, which take a row apart from left to right only once, and only
 * as far as it is asked for.
 */
static bool
slots_differ(TriggerData *trigdata, AttrNumber attnum)
{
	NullableDatum old;
	NullableDatum new;

	old.value = slot_getattr(trigdata->tg_trigslot, attnum, &old.isnull);
	new.value = slot_getattr(trigdata->tg_newslot, attnum, &new.isnull);
	return values_differ(old, new,
						 TupleDescAttr(RelationGetDescr(trigdata->tg_relation),
									   attnum - 1));
}

/*
 * Did any column change that counts?
 */
bool
cc_condition_is_met(const BumpCondition *condition, TriggerData *trigdata)
{
	for (int i = 0; i < condition->ncolumns; i++)
	{
		const ColumnPlace *column = &condition->columns[i];
		char	   *old = NULL;
		char	   *new = NULL;

		if (column->typbyval)
		{
			old = cc_place_find(column, trigdata->tg_trigtuple);
			new = cc_place_find(column, trigdata->tg_newtuple);
		}
		if (old && new ?
			fetch_att(old, true, column->typlen) != fetch_att(new, true, column->typlen) :
			slots_differ(trigdata, column->attnum))
			return true;
	}
	return false;
}

/*
 * The same, before the new row is one: its slot holds nothing but values yet.
 */
bool
cc_condition_is_met_by(const BumpCondition *condition, TupleTableSlot *old_row,
					   TupleTableSlot *new_row)
{
	for (int i = 0; i < condition->ncolumns; i++)
	{
		int			attnum = condition->columns[i].attnum;
		NullableDatum old;
		NullableDatum new = {new_row->tts_values[attnum - 1], new_row->tts_isnull[attnum - 1]};

		old.value = slot_getattr(old_row, attnum, &old.isnull);
		if (values_differ(old, new,
						  TupleDescAttr(old_row->tts_tupleDescriptor, attnum - 1)))
			return true;
	}
	return false;
}
