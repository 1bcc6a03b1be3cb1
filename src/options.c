/*-------------------------------------------------------------------------
 *
 * options.c
 *	  What a version trigger was told, as text: its arguments, and its events.
 *
 * Whether it makes sense is judged elsewhere: policy.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_trigger.h"

#include "options.h"

/* By TriggerOption, and in the order in which they are written. */
const char *const cc_options_names[] = {
	"kind", "protocol", "blind", "on_conflict", "watch", "ignore",
	"edits"
};

/* What holds where nothing is said; NULL where that depends on the column. */
const char *const cc_options_defaults[] = {
	NULL, NULL, "allow", "error", NULL, NULL, "ignore"
};

#define HANDLER_PREFIX "call="

/*
 * Find the option that an argument sets, and the value behind its "=".  Returns
 * -1 where there is no such option; the value is NULL where there is no "=".
 */
int
cc_options_find(const char *argument, const char **value)
{
	const char *equals = strchr(argument, '=');

	*value = equals ? equals + 1 : NULL;
	for (int i = 0; equals && i < OPTION_COUNT; i++)
	{
		if (strlen(cc_options_names[i]) == equals - argument &&
			strncmp(cc_options_names[i], argument, equals - argument) == 0)
			return i;
	}
	return -1;
}

/*
 * Read a trigger's options from its arguments, of which the first is the
 * column, and its type.  What is no option is left out; where one is given more
 * than once, the last one counts.  The texts are the arguments'.
 */
TriggerOptions
cc_options_read(int nargs, char **args, int16 tgtype)
{
	TriggerOptions options = {
		.guard_delete = TRIGGER_FOR_DELETE(tgtype),
		.stamp_insert = TRIGGER_FOR_INSERT(tgtype)
	};

	for (int i = 1; i < nargs; i++)
	{
		const char *value;
		int			option = cc_options_find(args[i], &value);

		if (option >= 0)
			options.text[option] = value;
	}
	return options;
}

/*
 * Write the arguments of a trigger with these options, as a list of C strings
 * in the current memory context.
 */
List *
cc_options_write(const TriggerOptions *options, const char *column)
{
	List	   *args = list_make1(pstrdup(column));

	for (int i = 0; i < OPTION_COUNT; i++)
	{
		if (options->text[i])
			args = lappend(args, psprintf("%s=%s", cc_options_names[i],
										  options->text[i]));
	}
	return args;
}

/*
 * Do two triggers with these options do the same?
 */
bool
cc_options_equal(const TriggerOptions *a, const TriggerOptions *b)
{
	for (int i = 0; i < OPTION_COUNT; i++)
	{
		const char *x = a->text[i] ? a->text[i] : cc_options_defaults[i];
		const char *y = b->text[i] ? b->text[i] : cc_options_defaults[i];

		if (x != y && (x == NULL || y == NULL || strcmp(x, y) != 0))
			return false;
	}
	return a->guard_delete == b->guard_delete &&
		a->stamp_insert == b->stamp_insert;
}

/*
 * Return the name of the conflict handler that on_conflict names, or NULL if it
 * is something else.
 */
const char *
cc_options_handler_name(const char *on_conflict)
{
	if (strncmp(on_conflict, HANDLER_PREFIX, strlen(HANDLER_PREFIX)) != 0)
		return NULL;
	return on_conflict + strlen(HANDLER_PREFIX);
}

/*
 * Return the name of the conflict handler, or NULL if there is none.
 */
const char *
cc_options_handler(const TriggerOptions *options)
{
	const char *on_conflict = options->text[OPTION_ON_CONFLICT];

	return on_conflict ? cc_options_handler_name(on_conflict) : NULL;
}

/*
 * Read the options of a trigger.
 */
TriggerOptions
cc_options_of(const Trigger *trigger)
{
	return cc_options_read(trigger->tgnargs, trigger->tgargs, trigger->tgtype);
}
