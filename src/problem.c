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

#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "attachment.h"
#include "catalog.h"
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
	const char *refused;		/* what would be */
} Trial;

/* Raise the error that a trigger would raise; say before what it would refuse. */
static void
raise_problem(void *arg)
{
	Trial	   *trial = arg;
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

/* Is this an error of what was tried, rather than of the trial? */
static bool
is_problem(const ErrorData *error)
{
	int			category = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	return category != ERRCODE_OPERATOR_INTERVENTION &&
		category != ERRCODE_INSUFFICIENT_RESOURCES;
}

/* Catch the error.  Returns the problem, or NULL if there is none. */
static char *
catch_problem(Trial *trial)
{
	ErrorData  *error = cc_catalog_try(raise_problem, trial);

	/* (a cache has lost what somebody drops: the next audit will tell) */
	if (error == NULL || error->sqlerrcode == ERRCODE_INTERNAL_ERROR)
		return NULL;
	if (!is_problem(error))
		ReThrowError(error);
	return psprintf("%s: %s", trial->refused, error->message);
}

/* Would a trigger for this column be well, with this one argument or none? */
static bool
is_well(const Trial *trial, char *argument)
{
	char	   *args[] = {trial->args[0], argument};
	Trial other = {
		.rel = trial->rel,
		.function = trial->function,
		.tgtype = TRIGGER_TYPE_ROW | TRIGGER_TYPE_BEFORE | TRIGGER_TYPE_UPDATE,
		.nargs = argument ? 2 : 1,
		.args = args
	};

	return catch_problem(&other) == NULL;
}

/* Would it with this option alone? */
static bool
is_well_with(const Trial *trial, TriggerOption option, const char *value)
{
	return is_well(trial, psprintf("%s=%s", cc_options_names[option], value));
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
	appendStringInfo(call, ", %s => %s", cc_options_names[option],
					 quote_literal_cstr(mended));
}

/* Write the call of attach() that mends the options, and keeps what is well. */
static char *
write_attach(const Trial *trial, Relation home)
{
	TriggerOptions options = cc_options_read(trial->nargs, trial->args, trial->tgtype);
	StringInfoData call;

	initStringInfo(&call);
	appendStringInfo(&call, "SELECT concurrency.attach(%s, %s",
					 quote_literal_cstr(cc_catalog_table(home)),
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

/* Write what gives a column of timestamptz(n) all its digits; NULL if it is none. */
static char *
mend_type(Relation rel, const char *name)
{
	int			attnum = SPI_fnumber(RelationGetDescr(rel), name);
	Form_pg_attribute column;
	int32		typmod;
	Relation	origin;

	if (attnum <= 0)
		return NULL;
	column = TupleDescAttr(RelationGetDescr(rel), attnum - 1);
	typmod = column->atttypmod;
	if (cc_catalog_base_type(column->atttypid) != TIMESTAMPTZOID)
		return NULL;
	getBaseTypeAndTypmod(column->atttypid, &typmod);
	origin = cc_catalog_relation(cc_tree_origin(rel->rd_id, name));
	if (typmod < 0 || typmod >= MAX_TIMESTAMP_PRECISION || origin == NULL)
		return NULL;
	return psprintf("ALTER TABLE %s ALTER COLUMN %s TYPE timestamptz;",
					cc_catalog_table(origin), quote_identifier(name));
}

/*
 * Write what mends the options, or those of another trigger that watches the
 * column; NULL if there are none that could be attached.
 */
static char *
mend_options(Relation rel, const Trigger *trigger)
{
	const Trigger *watcher = cc_policy_watcher(rel, trigger->tgfoid, trigger->tgargs[0]);
	Trial		trial = make_trial(rel, watcher ? watcher : trigger);
	Relation	home = rel;
	Oid			homeid;

	if (watcher && watcher->tgisclone)
	{
		cc_catalog_root(watcher->tgoid, &homeid);
		home = cc_catalog_relation(homeid);
	}
	return home && is_well(&trial, NULL) ? write_attach(&trial, home) : NULL;
}

/*
 * Write the SQL that mends it: the column, another trigger, the options, or, if
 * nothing does, the trigger's end.
 */
char *
cc_problem_mend(Relation rel, const Trigger *trigger)
{
	char		relkind = rel->rd_rel->relkind;
	char	   *mend = NULL;

	if (trigger->tgnargs > 0 && !OidIsValid(trigger->tgconstraint) &&
		(relkind == RELKIND_RELATION || relkind == RELKIND_PARTITIONED_TABLE ||
		 relkind == RELKIND_FOREIGN_TABLE))
	{
		mend = mend_type(rel, trigger->tgargs[0]);
		if (mend == NULL)
			mend = mend_options(rel, trigger);
	}
	if (mend == NULL)
		mend = psprintf("DROP TRIGGER %s ON %s;", quote_identifier(trigger->tgname),
						cc_catalog_table(rel));
	return mend;
}
