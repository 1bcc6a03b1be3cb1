/*-------------------------------------------------------------------------
 *
 * editing.c
 *	  Saying who edits a row, in SQL: begin_edit(), end_edit() and break_edits().
 *
 * A new edit locks the row first, so that it begins before or after any write, as
 * the trigger, which looks for edits, has the row locked as well.  What is read and
 * written of edits is read and written by a snapshot of now, as the owner of the
 * table that they stand in, and by nobody else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "catalog.h"
#include "edit.h"
#include "lookup.h"
#include "settings.h"

PG_FUNCTION_INFO_V1(begin_edit);
PG_FUNCTION_INFO_V1(end_edit);
PG_FUNCTION_INFO_V1(break_edits);

/* The parameters of the statements below. */
typedef enum LeaseParameter
{
	PARAM_RELID,
	PARAM_KEY,
	PARAM_ROLEID,
	PARAM_EDITOR,
	PARAM_EXCLUSIVE,
	PARAM_LEASE,
	PARAM_MAX_LEASE,
	PARAM_NOW,
	PARAM_SHOWN_KEY
} LeaseParameter;

#define PARAM_COUNT (PARAM_SHOWN_KEY + 1)

static const Oid parameter_types[PARAM_COUNT] = {
	OIDOID, BYTEAOID, OIDOID, TEXTOID, BOOLOID, INTERVALOID, INTERVALOID,
	TIMESTAMPTZOID, JSONBOID
};

/* What is asked for. */
typedef struct EditRequest
{
	RowLookup	lookup;
	Oid			topmost;		/* the table that the edits stand under */
	Datum		values[PARAM_COUNT];
	char		nulls[PARAM_COUNT];
} EditRequest;

/* What is answered. */
typedef struct EditAnswer
{
	bool		granted;
	bool		renewed;
	Datum		editor;
	Datum		exclusive;
	Datum		since;
	Datum		expires;
} EditAnswer;

/* Does the transaction hold edits that others do not see yet? */
static bool holds_edits = false;

/* Refuse PREPARE TRANSACTION: whose edits would they be, and for how long? */
static void
forget_edits(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_PREPARE && holds_edits)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot prepare a transaction that has begun or ended an edit"),
				 errhint("Commit at once after concurrency.begin_edit().")));
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT)
		holds_edits = false;
}

/* Set a parameter. */
static void
set_parameter(EditRequest *request, LeaseParameter parameter, Datum value)
{
	request->values[parameter] = value;
	request->nulls[parameter] = ' ';
}

/* Note under which table the edits stand. */
static void
set_topmost(EditRequest *request, Relation rel)
{
	request->topmost = cc_edit_table(rel);
	set_parameter(request, PARAM_RELID, ObjectIdGetDatum(request->topmost));
}

/* Who owns the table of edits? */
static Oid
leases_owner(void)
{
	Oid			leases = get_relname_relid("leases", get_namespace_oid("concurrency", false));
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(leases));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", leases);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/*
 * Run a statement on concurrency.leases, as its owner, as ri_PerformCheck
 * (ri_triggers.c) does.  What the caller's policies and operators may have set is
 * not heeded: nothing but pg_catalog is searched.
 */
static void
run_as_owner(const char *statement, EditRequest *request)
{
	Oid			owner = leases_owner();
	int			nestlevel = NewGUCNestLevel();
	Oid			userid;
	int			context;
	SPIPlanPtr	plan;

	GetUserIdAndSecContext(&userid, &context);
	SetUserIdAndSecContext(owner, context | SECURITY_LOCAL_USERID_CHANGE);
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	plan = SPI_prepare(statement, PARAM_COUNT, (Oid *) parameter_types);
	if (plan == NULL ||
		SPI_execute_snapshot(plan, request->values, request->nulls,
							 GetLatestSnapshot(), InvalidSnapshot,
							 false, false, 0) < 0)
		elog(ERROR, "could not look at edits: %s", SPI_result_code_string(SPI_result));
	AtEOXact_GUC(false, nestlevel);
	SetUserIdAndSecContext(userid, context);
}

/* Read a column of the i-th row that a statement has returned. */
static Datum
read_result(int i, int column)
{
	bool		isnull;

	return SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, column, &isnull);
}

/* Name the row by its key, as it stores it. */
static void
set_key(EditRequest *request, const Datum *key)
{
	const RowLookup *lookup = &request->lookup;

	set_parameter(request, PARAM_KEY,
				  PointerGetDatum(cc_edit_key(request->topmost,
											  RelationGetDescr(lookup->rel),
											  lookup->index->rd_index->indkey.values,
											  key, lookup->nkeys)));
}

/* Look for the row, and lock it if that is asked for; NULL where there is none. */
static FoundRow *
find_row(EditRequest *request, bool lock_row)
{
	Portal		portal = cc_lookup_start(&request->lookup, lock_row);
	FoundRow   *found = cc_lookup_fetch(&request->lookup, portal);

	if (found)
	{
		set_key(request, found->key);
		if (request->lookup.shows_key)
			set_parameter(request, PARAM_SHOWN_KEY, found->shown_key);
	}
	SPI_cursor_close(portal);
	return found;
}

/* When nobody can be about to renew an edit any more. */
#define LONG_AGO "'1 hour'::interval"

/* The columns that a statement returns of an edit. */
#define RETURNED "editor, exclusive, since, expires"

/* Answer with the i-th edit that a statement has returned. */
static void
answer_with(EditAnswer *answer, int i)
{
	answer->editor = read_result(i, 1);
	answer->exclusive = read_result(i, 2);
	answer->since = read_result(i, 3);
	answer->expires = read_result(i, 4);
}

/* Note which time it is: what lasts until later lasts. */
static void
set_now(EditRequest *request)
{
	set_parameter(request, PARAM_NOW, TimestampTzGetDatum(GetCurrentTimestamp()));
}

/* Renew the caller's own edit, if that lasts and need not become exclusive. */
static bool
renew_edit(EditRequest *request, EditAnswer *answer)
{
	set_now(request);
	run_as_owner("UPDATE concurrency.leases"
				 "   SET exclusive = coalesce($5, exclusive), lease = least(coalesce($6, lease), $7),"
				 "       expires = $8 + least(coalesce($6, lease), $7)"
				 " WHERE row_key = $2 AND role_oid = $3 AND editor = $4"
				 "   AND expires > $8 AND (exclusive OR $5 IS NOT TRUE)"
				 " RETURNING " RETURNED, request);
	if (SPI_processed == 0)
		return false;
	answer->granted = answer->renewed = true;
	answer_with(answer, 0);
	return true;
}

/* Others' edits of the row that forbid this one. */
#define FORBIDDING " FROM concurrency.leases" \
	" WHERE row_key = $2 AND expires > $8" \
	"   AND NOT (role_oid = $3 AND editor = $4) AND ($5 IS TRUE OR exclusive)"

/*
 * Is there an edit of somebody else's that forbids this one?  Answers with the
 * oldest.
 *
 * One that has run out may be about to be renewed by who saw it last.  To delete it
 * waits for that, and makes a renewal that comes later begin anew, with the row
 * locked.  Where this edit is forbidden anyway, nothing is locked, and whoever has
 * the row waits for nobody.
 */
static bool
is_forbidden(EditRequest *request, EditAnswer *answer)
{
	set_now(request);
	run_as_owner("DELETE FROM concurrency.leases"
				 " WHERE row_key = $2 AND expires <= $8 AND expires > $8 - " LONG_AGO
				 "   AND NOT (role_oid = $3 AND editor = $4)"
				 "   AND NOT EXISTS (SELECT" FORBIDDING ")", request);
	run_as_owner("SELECT " RETURNED FORBIDDING " ORDER BY since LIMIT 1", request);
	if (SPI_processed == 0)
		return false;
	answer_with(answer, 0);
	return true;
}

/* Begin the caller's edit, or go on with it where it lasts. */
static void
write_edit(EditRequest *request, EditAnswer *answer)
{
	set_now(request);
	run_as_owner("INSERT INTO concurrency.leases AS l"
				 "  (table_oid, row_key, role_oid, editor, exclusive, since, expires, lease, key)"
				 " VALUES ($1, $2, $3, $4, coalesce($5, false), $8,"
				 "         $8 + least(coalesce($6, '15 minutes'), $7), least(coalesce($6, '15 minutes'), $7), $9)"
				 " ON CONFLICT (row_key, role_oid, editor) DO UPDATE"
				 "   SET (exclusive, since, expires, lease) ="
				 "       (SELECT coalesce($5, l.exclusive), l.since, $8 + least(coalesce($6, l.lease), $7), least(coalesce($6, l.lease), $7)"
				 "         WHERE l.expires > $8"
				 "         UNION ALL"
				 "        SELECT EXCLUDED.exclusive, EXCLUDED.since, EXCLUDED.expires, EXCLUDED.lease"
				 "         WHERE l.expires <= $8),"
				 "       key = EXCLUDED.key"
				 " RETURNING " RETURNED, request);
	answer->granted = true;
	answer_with(answer, 0);
	answer->renewed = DatumGetTimestampTz(answer->since) <
		DatumGetTimestampTz(request->values[PARAM_NOW]);
}

/*
 * Clear some of what ran out long ago, and never wait for it.  What ran out lately
 * is left to who begins an edit of the same row, so that others do not wait for this
 * transaction.
 */
static void
clear_expired(EditRequest *request)
{
	run_as_owner("DELETE FROM concurrency.leases"
				 " WHERE ctid = ANY (ARRAY(SELECT ctid FROM concurrency.leases"
				 "                          WHERE expires <= $8 - " LONG_AGO
				 "                          ORDER BY expires LIMIT 10 FOR UPDATE SKIP LOCKED))"
				 "   AND expires <= $8 - " LONG_AGO, request);
}

/* Refuse what could not be looked at as it is now. */
static void
check_isolation(FunctionCallInfo fcinfo)
{
	static bool is_registered = false;

	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("function \"%s\" must be called in a transaction that is READ COMMITTED",
						get_func_name(fcinfo->flinfo->fn_oid)),
				 errhint("Call it in a transaction of its own, and commit at once.")));
	if (!is_registered)
		RegisterXactCallback(forget_edits, NULL);
	is_registered = true;
	holds_edits = true;
}

/* Refuse a partition of a table by whose key its rows cannot be told apart. */
static void
check_topmost_key(const EditRequest *request)
{
	Oid			constraint;

	if (get_primary_key_attnos(request->topmost, true, &constraint) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("table \"%s\" has no primary key", get_rel_name(request->topmost)),
				 errhint("Add one, so that a row can be told from others."),
				 errtable(request->lookup.rel)));
}

/* Read which row it is about, and who asks. */
static void
open_request(FunctionCallInfo fcinfo, LOCKMODE lockmode, const char *column,
			 EditRequest *request)
{
	Editor		editor = cc_edit_editor();

	memset(request->nulls, 'n', sizeof(request->nulls));
	check_isolation(fcinfo);
	cc_argument_require(fcinfo, 0, "table_name");
	cc_argument_require(fcinfo, 1, "key");
	/* (before a key type's own code is run, which may set another editor) */
	set_parameter(request, PARAM_ROLEID, ObjectIdGetDatum(editor.roleid));
	set_parameter(request, PARAM_EDITOR, CStringGetTextDatum(editor.name));
	cc_lookup_open(fcinfo, lockmode, column, &request->lookup);
	set_topmost(request, request->lookup.rel);
	check_topmost_key(request);
}

/*
 * Make a lease of an interval: at most concurrency.max_lease, and in plain time, as
 * months and days have other lengths when they are added than when they are compared.
 */
static Interval *
make_lease(const Interval *interval)
{
	Interval   *lease = palloc0(sizeof(Interval));
	double		seconds = ((double) interval->month * DAYS_PER_MONTH + interval->day) * SECS_PER_DAY +
	(double) interval->time / USECS_PER_SEC;

	if (seconds <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" of function \"%s\" must be positive",
						"lease", "begin_edit")));
	lease->time = Min(seconds, cc_max_lease) * USECS_PER_SEC;
	return lease;
}

/* Read for how long, and how. */
static void
read_terms(FunctionCallInfo fcinfo, EditRequest *request)
{
	Interval   *longest = palloc0(sizeof(Interval));

	longest->time = cc_max_lease * USECS_PER_SEC;
	set_parameter(request, PARAM_MAX_LEASE, IntervalPGetDatum(longest));
	if (!PG_ARGISNULL(2))
		set_parameter(request, PARAM_EXCLUSIVE, PG_GETARG_DATUM(2));
	if (!PG_ARGISNULL(3))
		set_parameter(request, PARAM_LEASE,
					  IntervalPGetDatum(make_lease(PG_GETARG_INTERVAL_P(3))));
}

/* Renew the edit, or begin it with the row locked.  Returns the row. */
static FoundRow *
renew_or_begin(EditRequest *request, EditAnswer *answer)
{
	FoundRow   *found = find_row(request, false);

	if (found && renew_edit(request, answer))
		return found;
	found = find_row(request, true);
	if (found && !is_forbidden(request, answer))
		write_edit(request, answer);
	return found;
}

/* Make a row of the answer. */
static Datum
form_answer(FunctionCallInfo fcinfo, const EditAnswer *answer, const char *version)
{
	TupleDesc	tupdesc;
	Datum		values[] = {
		BoolGetDatum(answer->granted),
		BoolGetDatum(answer->renewed),
		answer->editor,
		answer->exclusive,
		answer->since,
		answer->expires,
		version ? CStringGetTextDatum(version) : (Datum) 0
	};
	bool		nulls[lengthof(values)] = {false};

	nulls[lengthof(values) - 1] = version == NULL;
	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls));
}

/*
 * begin_edit(table_name regclass, key jsonb, exclusive boolean, lease interval,
 *			  column_name name)
 *		RETURNS (granted, renewed, editor, exclusive, since, expires, version)
 *
 * Begin, or renew, the caller's edit of a row.  Another's that stands in the way
 * is no error.
 */
Datum
begin_edit(PG_FUNCTION_ARGS)
{
	EditRequest request = {.lookup.shows_key = true};
	EditAnswer	answer = {0};
	FoundRow   *found;
	char	   *version = NULL;
	MemoryContext context = CurrentMemoryContext;
	MemoryContext spi_context;
	Datum		result;

	cc_argument_require(fcinfo, 4, "column_name");
	open_request(fcinfo, RowShareLock, NameStr(*PG_GETARG_NAME(4)), &request);
	read_terms(fcinfo, &request);
	if (*cc_editor == '\0')
		ereport(NOTICE,
				(errmsg("the edit is that of role \"%s\"",
						GetUserNameFromId(GetOuterUserId(), false)),
				 errhint("An application that speaks for several people says for whom: SET LOCAL concurrency.editor = ...")));

	SPI_connect();
	found = renew_or_begin(&request, &answer);
	if (found == NULL)
		cc_lookup_refuse_missing(&request.lookup);
	clear_expired(&request);
	spi_context = MemoryContextSwitchTo(context);
	if (!found->version.isnull)
		version = cc_version_text(&request.lookup.column, found->version);
	result = form_answer(fcinfo, &answer, version);
	MemoryContextSwitchTo(spi_context);
	SPI_finish();
	cc_lookup_close(&request.lookup);
	PG_RETURN_DATUM(result);
}

/* Delete edits, and count those that lasted. */
static int64
delete_edits(const char *statement, EditRequest *request)
{
	TimestampTz current = GetCurrentTimestamp();
	int64		lasted = 0;

	run_as_owner(statement, request);
	for (int i = 0; i < SPI_processed; i++)
		lasted += DatumGetTimestampTz(read_result(i, 1)) > current;
	return lasted;
}

/* Find by which key the row's edits stand; it may be gone. */
static void
find_key(EditRequest *request)
{
	if (find_row(request, false) == NULL)
		set_key(request, request->lookup.values);
}

/*
 * end_edit(table_name regclass, key jsonb) RETURNS boolean
 *
 * End the caller's edit of a row.  Was there one?
 */
Datum
end_edit(PG_FUNCTION_ARGS)
{
	EditRequest request = {0};
	int64		ended;

	open_request(fcinfo, AccessShareLock, NULL, &request);
	SPI_connect();
	find_key(&request);
	ended = delete_edits("DELETE FROM concurrency.leases"
						 " WHERE row_key = $2 AND role_oid = $3 AND editor = $4"
						 " RETURNING expires", &request);
	SPI_finish();
	cc_lookup_close(&request.lookup);
	PG_RETURN_BOOL(ended > 0);
}

/* End all edits of a table. */
static int64
break_all(FunctionCallInfo fcinfo)
{
	EditRequest request = {0};
	Attachment	attachment;
	Relation	rel;
	int64		broken;

	memset(request.nulls, 'n', sizeof(request.nulls));
	rel = cc_argument_table(fcinfo, AccessShareLock, NULL, &attachment);
	set_topmost(&request, rel);
	cc_catalog_check_owner(cc_catalog_require(request.topmost));
	broken = delete_edits("DELETE FROM concurrency.leases WHERE table_oid = $1 RETURNING expires",
						  &request);
	relation_close(rel, NoLock);
	return broken;
}

/* End all edits of a row. */
static int64
break_row(FunctionCallInfo fcinfo)
{
	EditRequest request = {0};
	int64		broken;

	open_request(fcinfo, AccessShareLock, NULL, &request);
	cc_catalog_check_owner(cc_catalog_require(request.topmost));
	find_key(&request);
	broken = delete_edits("DELETE FROM concurrency.leases"
						  " WHERE row_key = $2 RETURNING expires",
						  &request);
	cc_lookup_close(&request.lookup);
	return broken;
}

/*
 * break_edits(table_name regclass, key jsonb) RETURNS bigint
 *
 * End everybody's edits of a row, or of all rows.  How many were there?
 */
Datum
break_edits(PG_FUNCTION_ARGS)
{
	int64		broken;

	cc_argument_require(fcinfo, 0, "table_name");
	check_isolation(fcinfo);
	SPI_connect();
	broken = PG_ARGISNULL(1) ? break_all(fcinfo) : break_row(fcinfo);
	SPI_finish();
	PG_RETURN_INT64(broken);
}
