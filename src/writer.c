/*-------------------------------------------------------------------------
 *
 * writer.c
 *	  Who is writing: the table's owner, a foreign key, this transaction again?
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "writer.h"

/* Is this the table, or one that is a partition or a child of it? */
bool
cc_writer_covers(Oid relid, Relation rel)
{
	Oid			rowtype;

	if (relid == RelationGetRelid(rel))
		return true;
	rowtype = get_rel_type_id(relid);
	return OidIsValid(rowtype) &&
		typeInheritsFrom(rel->rd_rel->reltype, rowtype);
}

/* Does the role own the table, or one that it is a partition of? */
bool
cc_writer_owns(Oid roleid, Relation rel)
{
	ListCell   *lc;

	if (class_ownercheck_compat(RelationGetRelid(rel), roleid))
		return true;
	if (!rel->rd_rel->relispartition)
		return false;
	foreach(lc, get_partition_ancestors(RelationGetRelid(rel)))
	{
		if (class_ownercheck_compat(lfirst_oid(lc), roleid))
			return true;
	}
	return false;
}

/* Skip to the end of what stands in double quotes, or of the text. */
static const char *
skip_quoted(const char *sql)
{
	if (*sql == '"')
		sql += 1 + strcspn(sql + 1, "\"");
	return sql;
}

/*
 * Is this the statement of a foreign key's action?
 *
 * ri_triggers.c puts every name in double quotes, and has no literals: outside
 * of quotes nothing but this comes before WHERE, and a parameter behind it.
 */
static bool
is_action_statement(const char *sql)
{
	const char *where = " WHERE $";
	const char *operator = " OPERATOR(";

	for (; strncmp(sql, where, strlen(where)) != 0; sql++)
	{
		if (*sql != '"' &&
			strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,=$", *sql) == NULL)
			return false;
		sql = skip_quoted(sql);
		if (*sql == '\0')
			return false;
	}

	/* the parameter, perhaps with a cast */
	for (sql += strlen(where); *sql != '\0' && *sql != ' '; sql++)
	{
		sql = skip_quoted(sql);
		if (*sql == '\0')
			return false;
	}
	return strncmp(sql, operator, strlen(operator)) == 0;
}

/*
 * Say what is running, and nothing of what called it: behind the statement of
 * an owner's function, that of a stranger's foreign key could follow.
 */
static const char *
innermost_context(void)
{
	ErrorContextCallback *stack = error_context_stack;
	const char *context = NULL;

	if (stack != NULL)
	{
		ErrorContextCallback innermost = *stack;

		innermost.previous = NULL;
		error_context_stack = &innermost;
		context = GetErrorContextStack();
		error_context_stack = stack;
	}
	return context;
}

/*
 * Is the statement that is running one of a foreign key's own?
 *
 * The context quotes it, as _SPI_error_callback() (spi.c) says it in the
 * language of the server's messages.  A statement of an owner's function may
 * hold what a stranger wrote, so all of its head has to fit.
 */
static bool
statement_is_foreign_keys(void)
{
	const char *context = innermost_context();
	const char *format = _("SQL statement \"%s\"");
	const char *statement = strstr(format, "%s");

	/* a translation may have lost it; then nothing is exempt */
	return context && statement &&
		strncmp(context, format, statement - format) == 0 &&
		is_action_statement(context + (statement - format));
}

/*
 * Is this the server's own write, for a foreign key's ON UPDATE or ON DELETE
 * action?
 *
 * ri_PerformCheck (ri_triggers.c) runs these as the table's owner, and sets
 * SECURITY_NOFORCE_RLS.  That does not tell all: the flag stays set in whatever
 * the action sets off, such as a trigger of somebody else's table that calls a
 * SECURITY DEFINER function of this table's owner.  Hence the look at the
 * statement, which the trigger asks for once a statement, and only where a write
 * would be refused, or is under an expectation or a switch.
 */
bool
cc_writer_is_foreign_key(TriggerData *trigdata)
{
	return InNoForceRLSOperation() &&
		cc_writer_owns(GetUserId(), trigdata->tg_relation) &&
		statement_is_foreign_keys();
}

/*
 * Has this transaction itself, since that command, written the row that it is
 * writing now?  Before it, that may have been a foreign key's doing.  What a
 * foreign table's row has in place of xmin means nothing.
 *
 * COPY FREEZE hides who wrote a row, but for the raw fields.  It writes only
 * where this transaction made the storage, and elsewhere a frozen row's xmin may
 * be an old one that has come round again.  (An UPDATE of such a row that was
 * rolled back leaves a later command there; the row is the transaction's own.)
 */
bool
cc_writer_made_row(TriggerData *trigdata, CommandId since)
{
	Relation	rel = trigdata->tg_relation;
	HeapTupleHeader row = trigdata->tg_trigtuple->t_data;

	if (rel->rd_rel->relkind == RELKIND_FOREIGN_TABLE ||
		!TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetRawXmin(row)))
		return false;
	if (HeapTupleHeaderXminFrozen(row))
		return relation_has_new_storage_compat(rel) &&
			HeapTupleHeaderGetRawCommandId(row) >= since;
	return HeapTupleHeaderGetCmin(row) >= since;
}
