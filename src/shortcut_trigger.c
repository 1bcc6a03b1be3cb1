/*-------------------------------------------------------------------------
 *
 * shortcut_trigger.c
 *	  One of our triggers, where it need not be called: is it ours, what was it
 *	  told, and does that allow to do without it?
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "catalog/pg_language_d.h"
#include "catalog/pg_proc.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "compat.h"
#include "shortcut_trigger.h"

/* The trigger's function, as it was found last, unless one has changed since. */
static FmgrInfo version_function;

/* Syscache callback: a function has changed. */
static void
forget_function(Datum arg, syscache_id_compat cacheid, uint32 hashvalue)
{
	version_function.fn_oid = InvalidOid;
}

/* Hear of changed functions.  Called once, when the library is loaded. */
void
cc_shortcut_trigger_init(void)
{
	CacheRegisterSyscacheCallback(PROCOID, forget_function, (Datum) 0);
}

/*
 * Could a trigger be ours?
 *
 * Its function may have to be loaded before it is called, which raises errors and
 * is not due yet.  So this asks the catalog only.
 */
bool
cc_shortcut_trigger_may_be_ours(const Trigger *trigger)
{
	HeapTuple	tuple;
	bool		result = false;

	if (trigger->tgfoid == version_function.fn_oid)
		return true;

	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(trigger->tgfoid));
	if (!HeapTupleIsValid(tuple))
		return false;
	if (((Form_pg_proc) GETSTRUCT(tuple))->prolang == ClanguageId)
	{
		bool		isnull;
		Datum symbol = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);

		result = !isnull && strcmp(TextDatumGetCString(symbol), "version_trigger") == 0;
	}
	ReleaseSysCache(tuple);
	return result;
}

/*
 * Find the trigger's function for the executor, which is about to call it.  False
 * if that is not ours after all, or has to be called as somebody else or with
 * settings of its own.
 *
 * Ours is the one whose address our code was called by: by its name it could be
 * another library's.
 */
static bool
find_function(ShortcutTrigger *trigger, MemoryContext context)
{
	Oid			function = trigger->trigger->tgfoid;

	/* the executor has called it before, and goes on with what it found then */
	if (OidIsValid(trigger->function->fn_oid))
		return trigger->function->fn_addr == cc_policy_function;

	if (function == version_function.fn_oid)
	{
		fmgr_info_copy(trigger->function, &version_function, context);
		return true;
	}
	fmgr_info_cxt(function, trigger->function, context);
	if (trigger->function->fn_addr != cc_policy_function)
		return false;
	fmgr_info_copy(&version_function, trigger->function, TopMemoryContext);
	return true;
}

/*
 * Does the trigger's policy take more than the old row and the new one, or may
 * the trigger do what only it can?
 */
static const char *
find_obstacle(const ShortcutTrigger *trigger)
{
	const VersionPolicy *policy = trigger->policy;

	if (!policy->column.kind->wraps)
		return "a clock tells when the row was locked";
	if (OidIsValid(policy->column.domain))
		return "the version column's domain has constraints";
	if (policy->watch)
		return "somebody may edit the row";
	if (policy->sees_moves)
		return "with guard_delete, the trigger follows rows to other partitions";

	/* a row that the executor has locked by itself cannot be left out */
	if ((policy->on_conflict == CONFLICT_SKIP || policy->on_conflict == CONFLICT_CALL) &&
		(trigger->is_sent || policy->blind != BLIND_ALLOW))
		return "a conflict may leave the row out";
	return NULL;
}

/*
 * Get to know a trigger, at the time when the executor would call it: an error in
 * its arguments is then the one that it would have raised itself.  Returns what
 * keeps rows from the shortcut, or NULL.
 */
const char *
cc_shortcut_trigger_prepare(ShortcutTrigger *trigger, ResultRelInfo *table,
							EState *estate)
{
	LOCAL_FCINFO(fcinfo, 0);
	TriggerData trigdata = {
		.type = T_TriggerData,
		.tg_event = TRIGGER_EVENT_UPDATE | TRIGGER_EVENT_ROW | TRIGGER_EVENT_BEFORE,
		.tg_relation = table->ri_RelationDesc,
		.tg_trigger = trigger->trigger
	};

	if (!find_function(trigger, estate->es_query_cxt))
		return "the trigger is not called directly";

	InitFunctionCallInfoData(*fcinfo, trigger->function, 0, InvalidOid,
							 (Node *) &trigdata, NULL);
	trigger->policy = cc_policy_for_call(fcinfo);
	trigger->is_sent = bms_is_member(trigger->policy->column.place.attnum -
									 FirstLowInvalidHeapAttributeNumber,
									 ExecGetUpdatedCols(table, estate));
	return find_obstacle(trigger);
}
