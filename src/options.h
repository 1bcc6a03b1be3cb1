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

typedef enum TriggerOption
{
	OPTION_KIND,
	OPTION_PROTOCOL,
	OPTION_BLIND,
	OPTION_ON_CONFLICT,
	OPTION_WATCH,
	OPTION_IGNORE
} TriggerOption;

#define OPTION_COUNT (OPTION_IGNORE + 1)

/* The options of one trigger.  A text is NULL where the default holds. */
typedef struct TriggerOptions
{
	const char *text[OPTION_COUNT];
	bool		guard_delete;	/* is it for DELETE? */
	bool		stamp_insert;	/* is it for INSERT? */
} TriggerOptions;

extern const char *const cc_option_names[];

extern int	cc_option_find(const char *argument, const char **value);
extern TriggerOptions cc_options_read(int nargs, char **args, int16 tgtype);
extern List *cc_options_write(const TriggerOptions *options, const char *column);
extern bool cc_options_equal(const TriggerOptions *a, const TriggerOptions *b);
extern const char *cc_options_handler(const TriggerOptions *options);

#endif							/* CC_OPTIONS_H */
