/*-------------------------------------------------------------------------
 *
 * problem.c
 *	  What a version trigger would refuse as it stands, and what mends it.
 *
 * The trigger's own code is tried, without a write: nothing is opened, locked or
 * called that is the table owner's.  A mend keeps every option that is well.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/resowner.h"
#include "utils/varlena.h"

#include "attachment.h"
#include "catalog.h"
#include "condition.h"
#include "handler.h"
#include "options.h"
#include "policy.h"
#include "problem.h"
#include "tree.h"

/* What is tried of a trigger. */
typedef struct Trial
{
	Relation	rel;
	Oid			function;
	int16		tgtype;
	int			nargs;
	char	  **args;
	const char *volatile refused;	/* what would be */
} Trial;

/* Raise the error that a trigger would raise; say before what it would refuse. */
static void
raise_problem(Trial *trial)
{
	TriggerOptions options = cc_options_read(trial->nargs, trial->args, trial->tgtype);
	const char *handler = cc_options_handler(&options);

	trial->refused = "writes are refused";
	if (!TRIGGER_FOR_ROW(trial->tgtype) || !TRIGGER_FOR_BEFORE(trial->tgtype))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("the trigger is not BEFORE, FOR EACH ROW")));
	cc_policy_check(trial->rel, trial->function, trial->nargs, trial->args);
	trial->refused = "conflicts cannot be handled";
	if (handler)
		cc_handler_check(handler, trial->rel);
}

/*
 * Name the problem that an error tells of, if it is one of the trigger's: who
 * may not look into the handler's schema does not know.
 */
static char *
name_problem(const Trial *trial, const ErrorData *error)
{
	if (error->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE &&
		!has_privs_of_role(GetUserId(), trial->rel->rd_rel->relowner))
		return NULL;
	return psprintf("%s: %s", trial->refused, error->message);
}

/*
 * Catch the error.  Returns the problem, or NULL if there is none.  In a
 * subtransaction, which gives back what an error leaves.
 */
static char *
catch_problem(Trial *trial)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		raise_problem(trial);
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

	if (error == NULL)
		return NULL;
	if (ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION ||
		ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_INSUFFICIENT_RESOURCES)
		ReThrowError(error);
	return name_problem(trial, error);
}

/* Would a trigger for this column be well, with this one argument or none? */
static bool
is_well(const Trial *trial, char *argument)
{
	char	   *args[] = {trial->args[0], argument};
	Trial other = *trial;

	other.		tgtype = TRIGGER_TYPE_ROW | TRIGGER_TYPE_BEFORE | TRIGGER_TYPE_UPDATE;
	other.		nargs = argument ? 2 : 1;
	other.		args = args;

	return catch_problem(&other) == NULL;
}

/* Would it with this option alone? */
static bool
is_well_with(const Trial *trial, TriggerOption option, const char *value)
{
	return is_well(trial, psprintf("%s=%s", cc_option_names[option], value));
}

/* Leave out of a list of columns what cannot be in it. */
static char *
mend_list(const Trial *trial, TriggerOption option, const char *names)
{
	StringInfoData mended;
	List	   *list;
	ListCell   *lc;

	initStringInfo(&mended);
	if (!SplitIdentifierString(pstrdup(names), ',', &list))
		return mended.data;
	foreach(lc, list)
	{
		const char *name = quote_identifier(lfirst(lc));

		if (is_well_with(trial, option, name))
			appendStringInfo(&mended, "%s%s", mended.len > 0 ? "," : "", name);
	}
	return mended.data;
}

/* Append to a call of attach() what an option has to be instead. */
static void
append_mended_option(StringInfo call, const Trial *trial, TriggerOption option,
					 const char *value)
{
	const char *mended = "";

	if (option == OPTION_WATCH || option == OPTION_IGNORE)
		mended = mend_list(trial, option, value);
	appendStringInfo(call, ", %s => %s", cc_option_names[option],
					 quote_literal_cstr(mended));
}

/* Write the call of attach() that mends the options, and keeps what is well. */
static char *
write_attach(const Trial *trial)
{
	TriggerOptions options = cc_options_read(trial->nargs, trial->args, trial->tgtype);
	StringInfoData call;

	initStringInfo(&call);
	appendStringInfo(&call, "SELECT concurrency.attach(%s, %s",
					 quote_literal_cstr(cc_catalog_table(trial->rel->rd_id)),
					 quote_literal_cstr(trial->args[0]));
	if (options.text[OPTION_WATCH] && options.text[OPTION_IGNORE])
	{
		appendStringInfoString(&call, ", ignore => ''");
		options.text[OPTION_IGNORE] = NULL;
	}
	for (int i = 0; i < OPTION_COUNT; i++)
	{
		if (options.text[i] && !is_well_with(trial, i, options.text[i]))
			append_mended_option(&call, trial, i, options.text[i]);
	}
	appendStringInfoString(&call, ");");
	return call.data;
}

/* Write what gives a column of timestamptz(n) all its digits; NULL if it is none. */
static char *
write_retype(const Trial *trial)
{
	int			attnum = SPI_fnumber(RelationGetDescr(trial->rel), trial->args[0]);
	Form_pg_attribute column;
	int32		typmod;

	if (attnum <= 0)
		return NULL;
	column = TupleDescAttr(RelationGetDescr(trial->rel), attnum - 1);
	typmod = column->atttypmod;
	if (getBaseTypeAndTypmod(column->atttypid, &typmod) != TIMESTAMPTZOID || typmod < 0)
		return NULL;
	return psprintf("ALTER TABLE %s ALTER COLUMN %s TYPE timestamptz;",
					cc_catalog_table(cc_tree_origin(trial->rel->rd_id, trial->args[0])),
					quote_identifier(trial->args[0]));
}

/* Find another of our triggers that watches this one's column. */
static const Trigger *
find_watcher(const Trial *trial)
{
	for (int i = 0; i < trial->rel->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &trial->rel->trigdesc->triggers[i];
		const char *watch;

		if (!cc_attachment_keeps(trigger, trial->function, NULL) ||
			strcmp(trigger->tgargs[0], trial->args[0]) == 0)
			continue;
		watch = cc_options_read(trigger->tgnargs, trigger->tgargs,
								trigger->tgtype).text[OPTION_WATCH];
		if (watch && cc_condition_names(watch, trial->args[0]))
			return trigger;
	}
	return NULL;
}

/* Try a trigger of this table. */
static Trial
make_trial(Relation rel, const Trigger *trigger)
{
	Trial		trial = {
		.rel = rel,
		.function = trigger->tgfoid,
		.tgtype = trigger->tgtype,
		.nargs = trigger->tgnargs,
		.args = trigger->tgargs
	};

	return trial;
}

/*
 * Find what one of our triggers would refuse.  NULL if there is nothing.
 */
char *
cc_problem_find(Relation rel, const Trigger *trigger)
{
	Trial		trial = make_trial(rel, trigger);

	return catch_problem(&trial);
}

/*
 * Write the SQL that mends it: the column, another trigger, the options, or, if
 * nothing does, the trigger's end.
 */
char *
cc_problem_mend(Relation rel, const Trigger *trigger)
{
	Trial		trial = make_trial(rel, trigger);
	const Trigger *watcher;
	char	   *mend;

	if (trial.nargs > 0)
	{
		mend = write_retype(&trial);
		if (mend)
			return mend;
		watcher = find_watcher(&trial);
		if (watcher)
			trial = make_trial(rel, watcher);
		if (is_well(&trial, NULL))
			return write_attach(&trial);
	}
	return psprintf("DROP TRIGGER %s ON %s;", quote_identifier(trigger->tgname),
					cc_catalog_table(rel->rd_id));
}
