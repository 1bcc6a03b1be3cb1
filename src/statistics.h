/*-------------------------------------------------------------------------
 *
 * statistics.h
 *	  How often writes were refused, and let through on purpose, in shared memory.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_STATISTICS_H
#define CC_STATISTICS_H

#include "datatype/timestamp.h"

/* In the order of the columns of the view statistics. */
typedef enum StatisticsCounter
{
	COUNT_CONFLICTS,
	COUNT_SKIPPED,
	COUNT_WARNED,
	COUNT_HANDLED,
	COUNT_BLIND_WARNED,
	COUNT_BLIND_REFUSED,
	COUNT_EDIT_REFUSED,
	COUNT_BYPASSED
} StatisticsCounter;

#define COUNTER_COUNT (COUNT_BYPASSED + 1)

/* What is known of one trigger, since its statistics were reset. */
typedef struct TriggerStatistics
{
	Oid			trigger;		/* InvalidOid: of all that had no room */
	int64		counts[COUNTER_COUNT];
	TimestampTz last_conflict;	/* 0: never */
	TimestampTz stats_reset;	/* 0: never */
} TriggerStatistics;

/* One of the last writes that were refused. */
typedef struct RecentConflict
{
	TimestampTz time;
	Oid			database;
	Oid			trigger;
	Oid			roleid;
	int			sqlstate;
	StatisticsCounter what;		/* was done */
	NameData	application_name;
} RecentConflict;

#define RECENT_CONFLICTS 100

extern void cc_statistics_init(void);
extern void cc_statistics_count(Oid trigger, StatisticsCounter counter);
extern void cc_statistics_remember(Oid trigger, StatisticsCounter what, int sqlstate);
extern bool cc_statistics_are_kept(void);
extern int	cc_statistics_read(TriggerStatistics **statistics);
extern int	cc_statistics_read_recent(RecentConflict *recent);
extern void cc_statistics_reset(Oid trigger);

#endif							/* CC_STATISTICS_H */
