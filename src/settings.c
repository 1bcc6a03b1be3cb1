/*-------------------------------------------------------------------------
 *
 * settings.c
 *	  The configuration parameters: what an administrator, and nobody else,
 *	  may decide over the heads of the tables' owners.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/guc.h"

#include "compat.h"
#include "settings.h"

#define SQLSTATE_LENGTH 5

/*
 * Why change it: to make a policy for a role.  ALTER ROLE ... SET lets a
 * migration's role write blindly to tables that reject it from everybody
 * else, or finds out by "warn" what a legacy client does.
 */
char	   *cc_blind_writes = NULL;

/*
 * Why change it: a client or a proxy in between treats unknown classes
 * badly, and gets on with, say, a code of its own in class 23.
 */
static char *conflict_sqlstate = NULL;
int			cc_conflict_sqlstate;

/*
 * Why set it: a pooled application writes for many people, who are one role.
 * Anybody may: edits make people polite, they are no privilege.
 */
char	   *cc_editor = NULL;

#define LONGEST_EDITOR 255

/*
 * Why change it: how long a closed laptop may hold others back.
 */
int			cc_max_lease = 3600;

/*
 * Why change it: bulk updates take a quarter less.  It reaches into the executor,
 * which an extension should not do unless its administrator knows.
 */
bool		cc_shortcut = false;

/*
 * Do the first two characters name a class in which a conflict may be
 * reported?  22 and 23 are what clients expect of refused data.  Of the rest
 * the SQL standard reserves what begins with 0-4 or A-H, and PostgreSQL has
 * taken a few (errcodes.txt): a code that already means something would send
 * clients down the wrong path, blind retries (class 40) first among them.
 */
static bool
class_may_report_conflict(const char *sqlstate)
{
	static const char taken_by_postgres[][3] = {
		"53", "54", "55", "57", "58", "72", "P0", "XX"
	};

	if (strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0)
		return true;
	if (strchr("01234ABCDEFGH", sqlstate[0]) != NULL)
		return false;
	for (int i = 0; i < lengthof(taken_by_postgres); i++)
	{
		if (strncmp(sqlstate, taken_by_postgres[i], 2) == 0)
			return false;
	}
	return true;
}

/* GUC check hook: accept what can be told from every other error. */
static bool
check_conflict_sqlstate(char **newval, void **extra, GucSource source)
{
	const char *sqlstate = *newval;

	if (strlen(sqlstate) != SQLSTATE_LENGTH ||
		strspn(sqlstate, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != SQLSTATE_LENGTH)
	{
		GUC_check_errdetail("An SQLSTATE is five digits or upper-case letters.");
		return false;
	}
	if (!class_may_report_conflict(sqlstate))
	{
		GUC_check_errdetail("SQLSTATE class %.2s already means something else.",
							sqlstate);
		GUC_check_errhint("Use class 22 or 23, or one that neither the SQL standard nor PostgreSQL uses, such as PT.");
		return false;
	}
	return true;
}

/* GUC assign hook: keep the code packed, so that no error has to parse it. */
static void
assign_conflict_sqlstate(const char *newval, void *extra)
{
	cc_conflict_sqlstate = MAKE_SQLSTATE(newval[0], newval[1], newval[2],
										 newval[3], newval[4]);
}

/*
 * Two parameters are a policy for whoever logs in as a role.  A client's connection
 * options come before ALTER ROLE ... SET, and hide it, also where PostgreSQL finds,
 * when the library is loaded, that the user may not set this and drops the value.
 * Nobody knows then what the policy was, and it is as strict as can be.
 */

/* Was a value given at the start of the session, and has not been accepted yet? */
static bool start_value_is_pending;

/* Note in a check hook that it is accepted. */
static void
accept_value(GucSource source)
{
	if (source > PGC_S_DEFAULT && source <= PGC_S_OVERRIDE)
		start_value_is_pending = false;
}

/* Be strict if what was given of a parameter was not accepted when it was defined. */
static void
be_strict(const char *name, const char *strictest)
{
	if (start_value_is_pending)
		SetConfigOption(name, strictest, PGC_SUSET, PGC_S_OVERRIDE);
}

/*
 * GUC check hook: accept everything.
 *
 * A misspelt value that ALTER ROLE stored before the library was loaded would
 * be replaced by the default with nothing but a WARNING if it were refused
 * here.  So it is kept, and refuses writes.
 */
static bool
check_blind_writes(char **newval, void **extra, GucSource source)
{
	accept_value(source);
	return true;
}

/* Define concurrency.blind_writes. */
static void
define_blind_writes(void)
{
	const char *name = "concurrency.blind_writes";

	start_value_is_pending = config_option_was_given_compat(name);
	DefineCustomStringVariable(name,
							   "Sets what happens to writes that do not say which version they are based on.",
							   "\"table\" leaves it to each table; \"allow\", \"warn\" and \"reject\" override all of them.",
							   &cc_blind_writes,
							   "table",
							   PGC_SUSET,
							   0,
							   check_blind_writes, NULL, NULL);
	be_strict(name, "reject");
}

/* GUC check hook: accept what can be shown to people. */
static bool
check_editor(char **newval, void **extra, GucSource source)
{
	if (strlen(*newval) <= LONGEST_EDITOR)
		return true;
	GUC_check_errdetail("An editor's name has at most %d bytes.", LONGEST_EDITOR);
	return false;
}

/* GUC check hook */
static bool
check_max_lease(int *newval, void **extra, GucSource source)
{
	accept_value(source);
	return true;
}

/* Define what is set of edits. */
static void
define_edit_settings(void)
{
	const char *name = "concurrency.max_lease";

	DefineCustomStringVariable("concurrency.editor",
							   "Sets on whose behalf the session edits and writes rows.",
							   "An empty string means the role itself.",
							   &cc_editor,
							   "",
							   PGC_USERSET,
							   0,
							   check_editor, NULL, NULL);
	start_value_is_pending = config_option_was_given_compat(name);
	DefineCustomIntVariable(name,
							"Sets how long an edit lasts at most, unless it is renewed.",
							NULL,
							&cc_max_lease,
							3600, 1, PG_INT32_MAX,
							PGC_SUSET,
							GUC_UNIT_S,
							check_max_lease, NULL, NULL);
	be_strict(name, "1");
}

/* GUC check hook: accept what somebody has looked into. */
static bool
check_shortcut(bool *newval, void **extra, GucSource source)
{
	if (!*newval || EXECUTOR_IS_KNOWN)
		return true;
	GUC_check_errdetail("It has not been compared with the executor of PostgreSQL %d.",
						PG_VERSION_NUM / 10000);
	return false;
}

/*
 * Define the parameters.  Called once, from _PG_init.
 */
void
cc_settings_init(void)
{
	define_blind_writes();

	DefineCustomStringVariable("concurrency.conflict_sqlstate",
							   "Sets the SQLSTATE of the error that refuses a stale write.",
							   NULL,
							   &conflict_sqlstate,
							   "PT409",
							   PGC_SUSET,
							   0,
							   check_conflict_sqlstate,
							   assign_conflict_sqlstate,
							   NULL);

	define_edit_settings();
	DefineCustomBoolVariable("concurrency.shortcut",
							 "Calls version triggers only for rows about which they have something to say.",
							 NULL,
							 &cc_shortcut,
							 false,
							 PGC_SUSET,
							 0,
							 check_shortcut, NULL, NULL);
	MarkGUCPrefixReserved("concurrency");
}
