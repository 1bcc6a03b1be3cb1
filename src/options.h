/*-------------------------------------------------------------------------
 *
 * options.h
 *	  What a version trigger was told, as text: its arguments, and its events.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_OPTIONS_H
#define CC_OPTIONS_H

#include "nodes/pg_list.h"
#include "utils/reltrigger.h"

/* In the order of attach()'s arguments, and of version_triggers()'s columns. */
typedef enum TriggerOption
{
	OPTION_KIND,
	OPTION_PROTOCOL,
	OPTION_BLIND,
	OPTION_ON_CONFLICT,
	OPTION_WATCH,
	OPTION_IGNORE,
	OPTION_EDITS
} TriggerOption;

#define OPTION_COUNT (OPTION_EDITS + 1)

/* The options of one trigger.  A text is NULL where the default holds. */
typedef struct TriggerOptions
{
	const char *text[OPTION_COUNT];
	bool		guard_delete;	/* is it for DELETE? */
	bool		stamp_insert;	/* is it for INSERT? */
} TriggerOptions;

extern const char *const cc_options_names[];
extern const char *const cc_options_defaults[];

extern int	cc_options_find(const char *argument, const char **value);
extern TriggerOptions cc_options_read(int nargs, char **args, int16 tgtype);
extern List *cc_options_write(const TriggerOptions *options, const char *column);
extern bool cc_options_equal(const TriggerOptions *a, const TriggerOptions *b);
extern const char *cc_options_handler_name(const char *on_conflict);
extern const char *cc_options_handler(const TriggerOptions *options);
extern TriggerOptions cc_options_of(const Trigger *trigger);

#endif							/* CC_OPTIONS_H */
