/*-------------------------------------------------------------------------
 *
 * obstacle.c
 *	  What keeps a column from being a version column.
 *
 * The rules are SQL, concurrency.obstacles(), and what that shares with audit().
 * They are asked by a snapshot of now: that of a transaction may be older than
 * the lock, and overlook a foreign key or a child.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "obstacle.h"

/* The columns of the query below. */
enum
{
	OBSTACLE_SEVERITY = 1,
	OBSTACLE_SQLSTATE,
	OBSTACLE_MESSAGE,
	OBSTACLE_DETAIL,
	OBSTACLE_HINT
};

/* Read a column of the i-th obstacle that was found. */
static char *
read_text(int i, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, column);
}

/* Raise the i-th obstacle, or warn of it. */
static void
report(int i)
{
	char	   *sqlstate = read_text(i, OBSTACLE_SQLSTATE);
	char	   *detail = read_text(i, OBSTACLE_DETAIL);
	char	   *hint = read_text(i, OBSTACLE_HINT);

	ereport(strcmp(read_text(i, OBSTACLE_SEVERITY), "error") == 0 ? ERROR : WARNING,
			(errcode(MAKE_SQLSTATE(sqlstate[0], sqlstate[1], sqlstate[2],
								   sqlstate[3], sqlstate[4])),
			 errmsg_internal("%s", read_text(i, OBSTACLE_MESSAGE)),
			 detail ? errdetail_internal("%s", detail) : 0,
			 hint ? errhint("%s", hint) : 0));
}

/* Ask for obstacles, by one of the queries below, and tell of them. */
static void
tell_obstacles(const char *query, Oid relid, const char *column)
{
	Oid			types[] = {OIDOID, NAMEOID};
	Datum		values[] = {
		ObjectIdGetDatum(relid),
		DirectFunctionCall1(namein, CStringGetDatum(column))
	};
	SPIPlanPtr	plan;

	SPI_connect();
	plan = SPI_prepare(query, lengthof(types), types);
	if (plan == NULL ||
		SPI_execute_snapshot(plan, values, NULL, GetLatestSnapshot(),
							 InvalidSnapshot, true, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not ask for obstacles: %s",
			 SPI_result_code_string(SPI_result));
	for (int i = 0; i < SPI_processed; i++)
		report(i);
	SPI_finish();
}

/*
 * Raise the error, if any, that forbids to attach the column of the table, or of
 * one below it; and warn of what does not forbid it, but defeats its purpose.
 * The caller has locked them.
 */
void
cc_obstacle_check(Oid relid, const char *column)
{
	tell_obstacles("SELECT severity, sqlstate, message, detail, hint"
				   " FROM concurrency.obstacles($1, $2)", relid, column);
}

/*
 * Raise the error, if any, that forbids to create a trigger on the table, or on
 * one below it, with the current user's rights.
 */
void
cc_obstacle_check_rights(Oid relid)
{
	tell_obstacles("SELECT severity, sqlstate, message, detail, hint"
				   " FROM concurrency.obstacles($1, $2)"
				   " WHERE sqlstate = '42501'", relid, "");
}
