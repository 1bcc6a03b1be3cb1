/*-------------------------------------------------------------------------
 *
 * policy.c
 *	  From a trigger's arguments to a const VersionPolicy, once per statement.
 *
 * A trigger that was told something wrong never gets a policy, so that it
 * refuses every write of its table instead of guarding it badly.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_constraint.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "attachment.h"
#include "compat.h"
#include "options.h"
#include "policy.h"
#include "settings.h"

PGFunction	cc_policy_function = NULL;

/* A policy in the making. */
typedef struct PolicyDraft
{
	Relation	rel;
	Oid			function;		/* of the trigger, to know others of ours by */
	VersionPolicy *policy;
	const char *kind_name;		/* NULL: the default of the column's type */
	bool		names_protocol; /* else it is the kind's */
	ConditionRequest condition;
} PolicyDraft;

/* How an option's value is taken over. */
typedef void (*OptionSetter) (PolicyDraft *draft, const char *value);

static void set_kind(PolicyDraft *draft, const char *value);
static void set_protocol(PolicyDraft *draft, const char *value);
static void set_blind(PolicyDraft *draft, const char *value);
static void set_on_conflict(PolicyDraft *draft, const char *value);
static void set_watch(PolicyDraft *draft, const char *value);
static void set_ignore(PolicyDraft *draft, const char *value);
static void set_edits(PolicyDraft *draft, const char *value);

static const OptionSetter option_setters[] = {
	[OPTION_KIND] = set_kind,
	[OPTION_PROTOCOL] = set_protocol,
	[OPTION_BLIND] = set_blind,
	[OPTION_ON_CONFLICT] = set_on_conflict,
	[OPTION_WATCH] = set_watch,
	[OPTION_IGNORE] = set_ignore,
	[OPTION_EDITS] = set_edits,
};

static const struct config_enum_entry protocol_values[] = {
	{"auto", PROTOCOL_AUTO, false},
	{"echo", PROTOCOL_ECHO, false},
	{"increment", PROTOCOL_INCREMENT, false},
	{"ignore", PROTOCOL_IGNORE, false},
	{NULL, 0, false}
};

static const struct config_enum_entry blind_values[] = {
	{"allow", BLIND_ALLOW, false},
	{"warn", BLIND_WARN, false},
	{"reject", BLIND_REJECT, false},
	{NULL, 0, false}
};

static const struct config_enum_entry on_conflict_values[] = {
	{"error", CONFLICT_ERROR, false},
	{"skip", CONFLICT_SKIP, false},
	{"warn", CONFLICT_WARN, false},
	{NULL, 0, false}
};

static const struct config_enum_entry edits_values[] = {
	{"ignore", EDITS_IGNORE, false},
	{"warn", EDITS_WARN, false},
	{"refuse", EDITS_REFUSE, false},
	{NULL, 0, false}
};

/* Append a name to a list for a hint. */
static void
append_name(StringInfo list, const char *name)
{
	appendStringInfo(list, "%s%s", list->len > 0 ? ", " : "", name);
}

/* Name the options that there are. */
static char *
list_options(void)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < OPTION_COUNT; i++)
		append_name(&list, cc_options_names[i]);
	return list.data;
}

/* Name the values that an option takes. */
static char *
list_values(const struct config_enum_entry *values)
{
	StringInfoData list;

	initStringInfo(&list);
	for (; values->name; values++)
		append_name(&list, values->name);
	return list.data;
}

/* Find a value by its name, exactly as it is documented. */
static bool
find_value(const struct config_enum_entry *values, const char *name, int *value)
{
	for (; values->name; values++)
	{
		if (strcmp(values->name, name) == 0)
		{
			*value = values->val;
			return true;
		}
	}
	return false;
}

/* Refuse an option's value, and say which would do. */
pg_noreturn static void
refuse_value(PolicyDraft *draft, const char *option, const char *value,
			 const char *valid)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for option \"%s\" of the version trigger on table \"%s\": \"%s\"",
					option, RelationGetRelationName(draft->rel), value),
			 errhint("Valid values are: %s.", valid),
			 errtable(draft->rel)));
}

/* Choose one of an option's values. */
static int
choose_value(PolicyDraft *draft, const char *option, const char *value,
			 const struct config_enum_entry *values)
{
	int			chosen;

	if (!find_value(values, value, &chosen))
		refuse_value(draft, option, value, list_values(values));
	return chosen;
}

/* kind=...: judged for real once the column's type is known */
static void
set_kind(PolicyDraft *draft, const char *value)
{
	StringInfoData list;
	const char *last = "";

	draft->kind_name = value;
	if (cc_version_kind_exists(value))
		return;

	initStringInfo(&list);
	for (const VersionKind *kind = cc_version_kinds; kind->name; kind++)
	{
		if (strcmp(kind->name, last) != 0)
			append_name(&list, kind->name);
		last = kind->name;
	}
	refuse_value(draft, "kind", value, list.data);
}

static void
set_protocol(PolicyDraft *draft, const char *value)
{
	draft->policy->protocol = choose_value(draft, "protocol", value,
										   protocol_values);
	draft->names_protocol = true;
}

static void
set_blind(PolicyDraft *draft, const char *value)
{
	draft->policy->blind = choose_value(draft, "blind", value, blind_values);
}

static void
set_on_conflict(PolicyDraft *draft, const char *value)
{
	const char *handler = cc_options_handler_name(value);
	int			chosen;

	if (handler)
	{
		draft->policy->on_conflict = CONFLICT_CALL;
		draft->policy->handler = pstrdup(handler);
	}
	else if (find_value(on_conflict_values, value, &chosen))
		draft->policy->on_conflict = chosen;
	else
		refuse_value(draft, "on_conflict", value,
					 psprintf("%s, call=schema.function",
							  list_values(on_conflict_values)));
}

/* watch=..., ignore=...: resolved once the version column is known */
static void
set_watch(PolicyDraft *draft, const char *value)
{
	draft->condition.watch = value;
}

static void
set_ignore(PolicyDraft *draft, const char *value)
{
	draft->condition.ignore = value;
}

static void
set_edits(PolicyDraft *draft, const char *value)
{
	draft->policy->edits = choose_value(draft, "edits", value, edits_values);
}

/* Find the option that an argument sets, and the value behind its "=". */
static int
require_option(PolicyDraft *draft, const char *arg, const char **value)
{
	int			option = cc_options_find(arg, value);

	if (*value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("malformed option of the version trigger on table \"%s\": \"%s\"",
						RelationGetRelationName(draft->rel), arg),
				 errhint("Write it as option=value. Valid options are: %s.",
						 list_options()),
				 errtable(draft->rel)));
	if (option < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unrecognized option of the version trigger on table \"%s\": \"%s\"",
						RelationGetRelationName(draft->rel), arg),
				 errhint("Valid options are: %s.", list_options()),
				 errtable(draft->rel)));
	return option;
}

/* Take over every option=value. */
static void
read_options(PolicyDraft *draft, int nargs, char **args)
{
	bool		seen[OPTION_COUNT] = {false};

	for (int i = 0; i < nargs; i++)
	{
		const char *value;
		int			option = require_option(draft, args[i], &value);

		if (seen[option])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" of the version trigger on table \"%s\" is given more than once",
							cc_options_names[option],
							RelationGetRelationName(draft->rel)),
					 errhint("Give each option once."),
					 errtable(draft->rel)));
		seen[option] = true;
		option_setters[option] (draft, value);
	}
}

/* Refuse a column that no version can be kept in. */
static void
check_column(PolicyDraft *draft, Form_pg_attribute att, int32 typmod)
{
	if (draft->policy->column.kind == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 draft->kind_name ?
				 errmsg("version column \"%s\" of table \"%s\" is of type %s, which does not suit kind \"%s\"",
						NameStr(att->attname),
						RelationGetRelationName(draft->rel),
						format_type_be(att->atttypid), draft->kind_name) :
				 errmsg("version column \"%s\" of table \"%s\" is of type %s, which cannot hold a version",
						NameStr(att->attname),
						RelationGetRelationName(draft->rel),
						format_type_be(att->atttypid)),
				 errhint("concurrency.version_kinds() lists the types and kinds that fit."),
				 errtablecol(draft->rel, att->attnum)));

	/* what is echoed would be rounded, and never be what is stored */
	if (typmod >= 0 && typmod < MAX_TIMESTAMP_PRECISION)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("version column \"%s\" of table \"%s\" is of type %s, which rounds versions",
						NameStr(att->attname),
						RelationGetRelationName(draft->rel),
						format_type_with_typemod(att->atttypid, att->atttypmod)),
				 errhint("Use the type without a precision."),
				 errtablecol(draft->rel, att->attnum)));

	if (att->attgenerated)
		ereport(ERROR,
				(errcode(ERRCODE_GENERATED_ALWAYS),
				 errmsg("version column \"%s\" of table \"%s\" is a generated column",
						NameStr(att->attname),
						RelationGetRelationName(draft->rel)),
				 errhint("Use a column of its own for the version."),
				 errtablecol(draft->rel, att->attnum)));
}

/* Find the version column in this relation's row. */
static void
resolve_column(PolicyDraft *draft, const char *name)
{
	TupleDesc	tupdesc = RelationGetDescr(draft->rel);
	int			attnum = SPI_fnumber(tupdesc, name);
	Form_pg_attribute att;
	int32		typmod;

	if (attnum <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("version column \"%s\" of table \"%s\" does not exist",
						name, RelationGetRelationName(draft->rel)),
				 errhint("If the column was renamed, call concurrency.rename_column(). Else add it, or detach it with concurrency.detach()."),
				 errtable(draft->rel)));

	att = TupleDescAttr(tupdesc, attnum - 1);
	typmod = att->atttypmod;
	draft->policy->column.place = cc_place_of(tupdesc, attnum);
	draft->policy->column.kind = cc_version_kind(draft->kind_name, att->atttypid);
	if (draft->policy->column.kind == NULL)
		draft->policy->column.kind = cc_version_kind(draft->kind_name,
													 getBaseTypeAndTypmod(att->atttypid, &typmod));
	check_column(draft, att, typmod);
	if (!draft->names_protocol)
		draft->policy->protocol = draft->policy->column.kind->protocol;
}

/* Find out what bumps. */
static void
resolve_condition(PolicyDraft *draft)
{
	ConditionRequest *request = &draft->condition;

	if (!request->watch && !request->ignore)
		return;
	if (request->watch && request->ignore)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options \"watch\" and \"ignore\" of the version trigger on table \"%s\" exclude each other",
						RelationGetRelationName(draft->rel)),
				 errhint("Give one of them."),
				 errtable(draft->rel)));

	request->version = draft->policy->column.place.attnum;
	request->versions = bms_add_member(cc_attachment_columns(draft->rel, draft->function),
									   request->version);
	draft->policy->condition = cc_condition_build(request, draft->rel);
}

/*
 * Note the column's domain, if its constraints hold for what is stored.
 *
 * Not for cc_policy_check(): to see whether there are any plans them, and calls
 * the immutable functions in them, which are the table's owner's.  So only who
 * writes may ask.
 */
static void
resolve_domain(PolicyDraft *draft)
{
	VersionColumn *column = &draft->policy->column;
	Oid			typid = TupleDescAttr(RelationGetDescr(draft->rel),
									  column->place.attnum - 1)->atttypid;

	if (typid != column->kind->typid && domain_has_constraints_compat(typid))
		column->domain = typid;
}

/* Let concurrency.blind_writes override the table's own word. */
static void
apply_blind_writes_setting(VersionPolicy *policy)
{
	int			blind;

	if (strcmp(cc_blind_writes, "table") == 0)
		return;

	if (!find_value(blind_values, cc_blind_writes, &blind))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for parameter \"%s\": \"%s\"",
						"concurrency.blind_writes", cc_blind_writes),
				 errhint("Valid values are: table, %s.",
						 list_values(blind_values))));
	policy->blind = blind;
}

/* Refuse to heed the edits of rows that have no key. */
static void
check_edits(PolicyDraft *draft)
{
	Oid			constraint;

	if (draft->policy->edits == EDITS_IGNORE ||
		get_primary_key_attnos(RelationGetRelid(draft->rel), true, &constraint))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"edits\" of the version trigger on table \"%s\" needs a primary key",
					RelationGetRelationName(draft->rel)),
			 errhint("Add one, so that a row can be told from others, or attach the table with edits => ''."),
			 errtable(draft->rel)));
}

/* Read a trigger's arguments: the column, then options. */
static void
draft_policy(PolicyDraft *draft, int nargs, char **args)
{
	if (nargs < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the version trigger on table \"%s\" names no version column",
						RelationGetRelationName(draft->rel)),
				 errhint("The first argument of concurrency.version_trigger() is the column's name; concurrency.attach() creates the trigger as it should be."),
				 errtable(draft->rel)));

	read_options(draft, nargs - 1, args + 1);
	resolve_column(draft, args[0]);
	resolve_condition(draft);
	check_edits(draft);
}

/*
 * Build the policy of the trigger that is being called, and keep it for the
 * calls to come.
 */
const VersionPolicy *
cc_policy_build(FunctionCallInfo fcinfo)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	const Trigger *trigger = trigdata->tg_trigger;
	MemoryContext oldcontext = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	VersionPolicy *policy = palloc0(sizeof(VersionPolicy) + sizeof(StatementState));
	PolicyDraft draft = {
		.rel = trigdata->tg_relation,
		.function = trigger->tgfoid,
		.policy = policy
	};

	policy->state = (StatementState *) (policy + 1);
	policy->sees_moves = TRIGGER_FOR_DELETE(trigger->tgtype) &&
		draft.rel->rd_rel->relispartition;
	draft_policy(&draft, trigger->tgnargs, trigger->tgargs);
	resolve_domain(&draft);
	apply_blind_writes_setting(policy);
	if (policy->edits != EDITS_IGNORE)
		policy->watch = cc_edit_watch(draft.rel);
	if (policy->on_conflict == CONFLICT_CALL)
		policy->others = bms_del_member(cc_attachment_columns(draft.rel, draft.function),
										policy->column.place.attnum);

	MemoryContextSwitchTo(oldcontext);
	fcinfo->flinfo->fn_extra = policy;
	cc_policy_function = fcinfo->flinfo->fn_addr;
	return policy;
}

/*
 * Find another of our triggers that watches this column, whose bumps would count
 * as changes for it.  NULL if there is none.
 */
const Trigger *
cc_policy_watcher(Relation rel, Oid function, const char *column)
{
	for (int i = 0; rel->trigdesc && i < rel->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &rel->trigdesc->triggers[i];
		const char *watch;

		if (!cc_attachment_keeps(trigger, function, NULL) ||
			strcmp(trigger->tgargs[0], column) == 0)
			continue;
		watch = cc_options_of(trigger).text[OPTION_WATCH];
		if (watch && cc_condition_names(watch, column))
			return trigger;
	}
	return NULL;
}

/* Refuse a column that another trigger watches. */
static void
check_not_watched(PolicyDraft *draft, const char *column)
{
	const Trigger *watcher = cc_policy_watcher(draft->rel, draft->function, column);

	if (watcher)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("version column \"%s\" of table \"%s\" is watched by trigger \"%s\"",
						column, RelationGetRelationName(draft->rel),
						watcher->tgname),
				 errhint("Version columns never count: take it out of option \"watch\" of column \"%s\" first.",
						 watcher->tgargs[0]),
				 errtablecol(draft->rel, draft->policy->column.place.attnum)));
}

/*
 * Raise the error, if any, that a trigger with these arguments would raise at
 * its first write, or make another of our triggers raise; a conflict handler is
 * not looked at.  The caller need not trust the relation's owner, of whose
 * nothing is called, and nothing of it but columns and triggers is looked at.
 */
void
cc_policy_check(Relation rel, Oid function, int nargs, char **args)
{
	VersionPolicy policy = {0};
	PolicyDraft draft = {.rel = rel,.function = function,.policy = &policy};

	draft_policy(&draft, nargs, args);
	check_not_watched(&draft, args[0]);
}

/*
 * Find a version column by its name, of the default kind; raise the trigger's
 * own error if it cannot be one.  Nothing of the table owner's is called.
 */
VersionColumn
cc_policy_column(Relation rel, const char *name)
{
	VersionPolicy policy = {0};
	PolicyDraft draft = {.rel = rel,.policy = &policy};

	resolve_column(&draft, name);
	return policy.column;
}

/*
 * Name a protocol as the option does.
 */
const char *
cc_policy_protocol_name(TokenProtocol protocol)
{
	const struct config_enum_entry *entry = protocol_values;

	while (entry->val != protocol)
		entry++;
	return entry->name;
}
