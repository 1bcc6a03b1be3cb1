/*-------------------------------------------------------------------------
 *
 * statistics.c
 *	  How often writes were refused, and let through on purpose, in shared memory.
 *
 * They survive the transaction that was refused, and are lost when the server
 * restarts.  What is counted are attempts.  Nothing here is reached by a write
 * that is accepted, but for one that skip_check lets pass.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "statistics.h"

#define SLOT_COUNT 4096			/* of all databases */

/*
 * The counters of one trigger.  They never go down: to reset them moves what is
 * taken off when they are read, so that nothing is lost that is counted meanwhile.
 */
typedef struct StatisticsSlot
{
	pg_atomic_uint64 key;		/* 0: nobody's */
	pg_atomic_uint64 counts[COUNTER_COUNT];
	pg_atomic_uint64 before[COUNTER_COUNT]; /* it was reset */
	pg_atomic_uint64 last_conflict;
	pg_atomic_uint64 stats_reset;
} StatisticsSlot;

/* All that is in shared memory. */
typedef struct SharedStatistics
{
	slock_t		lock;			/* of the recent conflicts */
	uint64		remembered;		/* how many there ever were */
	RecentConflict recent[RECENT_CONFLICTS];
	StatisticsSlot slots[SLOT_COUNT];
	StatisticsSlot rest;		/* of whom there is no room for */
} SharedStatistics;

static SharedStatistics *shared = NULL;

/* Initialize a slot. */
static void
initialize_slot(StatisticsSlot *slot)
{
	pg_atomic_init_u64(&slot->key, 0);
	for (int i = 0; i < COUNTER_COUNT; i++)
	{
		pg_atomic_init_u64(&slot->counts[i], 0);
		pg_atomic_init_u64(&slot->before[i], 0);
	}
	pg_atomic_init_u64(&slot->last_conflict, 0);
	pg_atomic_init_u64(&slot->stats_reset, 0);
}

/* Initialize all of it, once a server. */
static void
initialize(DSM_INIT_PARAMETERS(ptr))
{
	SharedStatistics *statistics = ptr;

	SpinLockInit(&statistics->lock);
	statistics->remembered = 0;
	for (int i = 0; i < SLOT_COUNT; i++)
		initialize_slot(&statistics->slots[i]);
	initialize_slot(&statistics->rest);
}

#if PG_VERSION_NUM < 170000

static shmem_request_hook_type prev_shmem_request_hook = NULL;
static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

/* shmem_request_hook: ask for room. */
static void
request_room(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	RequestAddinShmemSpace(sizeof(SharedStatistics));
}

/* shmem_startup_hook: take it. */
static void
take_room(void)
{
	bool		found;

	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct("concurrency", sizeof(SharedStatistics), &found);
	if (!found)
		initialize(shared);
	LWLockRelease(AddinShmemInitLock);
}

/*
 * Before 17, there is room only for who asks when the server starts.
 */
void
cc_statistics_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = request_room;
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = take_room;
}

/*
 * Are there any?
 */
bool
cc_statistics_are_kept(void)
{
	return shared != NULL;
}

#else

/*
 * From 17 on, there is room for who asks first.
 */
void
cc_statistics_init(void)
{
}

/*
 * Are there any?
 */
bool
cc_statistics_are_kept(void)
{
	bool		found;

	if (shared == NULL)
		shared = named_dsm_segment_compat("concurrency", sizeof(SharedStatistics),
										  initialize, &found);
	return true;
}

#endif

/* Tell the triggers of all databases apart. */
static uint64
key_of(Oid trigger)
{
	return ((uint64) MyDatabaseId << 32) | trigger;
}

/*
 * Find a trigger's slot, or claim one, without a lock: whoever has put its key into
 * an empty one has it for good.
 */
static StatisticsSlot *
find_slot(Oid trigger, bool claim)
{
	uint64		key = key_of(trigger);
	uint32		start = hash_bytes((unsigned char *) &key, sizeof(key));

	for (uint32 i = 0; i < SLOT_COUNT; i++)
	{
		StatisticsSlot *slot = &shared->slots[(start + i) % SLOT_COUNT];
		uint64		found = pg_atomic_read_u64(&slot->key);

		if (found == 0 && !claim)
			return NULL;
		if (found == key ||
			(found == 0 && pg_atomic_compare_exchange_u64(&slot->key, &found, key)) ||
			found == key)
			return slot;
	}
	return claim ? &shared->rest : NULL;
}

/*
 * Count something of a trigger, the one that people know.
 */
void
cc_statistics_count(Oid trigger, StatisticsCounter counter)
{
	StatisticsSlot *slot;

	if (!cc_statistics_are_kept())
		return;
	slot = find_slot(trigger, true);
	pg_atomic_fetch_add_u64(&slot->counts[counter], 1);
	if (counter == COUNT_CONFLICTS)
		pg_atomic_write_u64(&slot->last_conflict, (uint64) GetCurrentTimestamp());
}

/*
 * Remember a write that was refused, and what was done with it.  The lock is given
 * back before anything is said.
 */
void
cc_statistics_remember(Oid trigger, StatisticsCounter what, int sqlstate)
{
	RecentConflict conflict = {
		.time = GetCurrentTimestamp(),
		.database = MyDatabaseId,
		.trigger = trigger,
		.roleid = GetUserId(),
		.sqlstate = sqlstate,
		.what = what
	};

	if (!cc_statistics_are_kept())
		return;
	namestrcpy(&conflict.application_name, application_name ? application_name : "");
	SpinLockAcquire(&shared->lock);
	shared->recent[shared->remembered++ % RECENT_CONFLICTS] = conflict;
	SpinLockRelease(&shared->lock);
}

/* Read a slot. */
static TriggerStatistics
read_slot(StatisticsSlot *slot)
{
	TriggerStatistics read = {
		.trigger = (Oid) pg_atomic_read_u64(&slot->key),
		.last_conflict = (TimestampTz) pg_atomic_read_u64(&slot->last_conflict),
		.stats_reset = (TimestampTz) pg_atomic_read_u64(&slot->stats_reset)
	};

	/* (what is taken off first is not more than what there is then) */
	for (int i = 0; i < COUNTER_COUNT; i++)
	{
		uint64		before = pg_atomic_read_u64(&slot->before[i]);

		pg_read_barrier();
		read.counts[i] = pg_atomic_read_u64(&slot->counts[i]) - before;
	}
	return read;
}

/*
 * Read the statistics of this database's triggers, and last those of all that had
 * no room, if there are any.  Returns how many; in the current memory context.
 */
int
cc_statistics_read(TriggerStatistics **statistics)
{
	int			read = 0;

	*statistics = palloc((SLOT_COUNT + 1) * sizeof(TriggerStatistics));
	for (int i = 0; i < SLOT_COUNT; i++)
	{
		if (pg_atomic_read_u64(&shared->slots[i].key) >> 32 == MyDatabaseId)
			(*statistics)[read++] = read_slot(&shared->slots[i]);
	}
	(*statistics)[read] = read_slot(&shared->rest);
	for (int i = 0; i < COUNTER_COUNT; i++)
	{
		if ((*statistics)[read].counts[i] > 0)
			return read + 1;
	}
	return read;
}

/*
 * Read the recent conflicts of all databases, the newest first.  Returns how many.
 */
int
cc_statistics_read_recent(RecentConflict *recent)
{
	int			read = 0;

	SpinLockAcquire(&shared->lock);
	while (read < RECENT_CONFLICTS && read < shared->remembered)
	{
		recent[read] = shared->recent[(shared->remembered - 1 - read) % RECENT_CONFLICTS];
		read++;
	}
	SpinLockRelease(&shared->lock);
	return read;
}

/* Have a slot begin anew. */
static void
reset_slot(StatisticsSlot *slot)
{
	for (int i = 0; i < COUNTER_COUNT; i++)
		pg_atomic_write_u64(&slot->before[i], pg_atomic_read_u64(&slot->counts[i]));
	pg_atomic_write_u64(&slot->stats_reset, (uint64) GetCurrentTimestamp());
}

/*
 * Reset the statistics of a trigger, or, if that is InvalidOid, of all of this
 * database, and of those that had no room.
 */
void
cc_statistics_reset(Oid trigger)
{
	StatisticsSlot *slot = OidIsValid(trigger) ? find_slot(trigger, true) : NULL;

	if (slot && slot != &shared->rest)
		reset_slot(slot);
	if (OidIsValid(trigger))
		return;
	for (int i = 0; i < SLOT_COUNT; i++)
	{
		if (pg_atomic_read_u64(&shared->slots[i].key) >> 32 == MyDatabaseId)
			reset_slot(&shared->slots[i]);
	}
	reset_slot(&shared->rest);
}
