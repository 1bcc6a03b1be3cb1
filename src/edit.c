/*-------------------------------------------------------------------------
 *
 * edit.c
 *	  Does somebody else edit this row?
 *
 * Edits are rows of concurrency.leases, an unlogged table of the extension's
 * owner's; editing.c writes them.  A row's edits are found by its key, as the row
 * stores it, so that no setting of a session's changes how it is spelled.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "executor/tuptable.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "edit.h"
#include "key.h"
#include "settings.h"

/* A key that is longer is told by its hash. */
#define LONGEST_KEY 256

/* The columns of concurrency.leases that are read here. */
enum
{
	LEASES_RELID = 1,
	LEASES_KEY,
	LEASES_ROLEID,
	LEASES_EDITOR,
	LEASES_EXCLUSIVE,
	LEASES_SINCE,
	LEASES_EXPIRES
};

/*
 * Who is it that edits, or writes?  The role outside of SECURITY DEFINER
 * functions; and whom it speaks for, by concurrency.editor, or nobody but itself.
 */
Editor
cc_edit_editor(void)
{
	Editor		editor = {.roleid = GetOuterUserId()};

	editor.name = *cc_editor ? cc_editor : GetUserNameFromId(editor.roleid, false);
	return editor;
}

/*
 * Under which table are the edits of a relation's rows?  A row may move from one
 * partition to another.
 */
Oid
cc_edit_table(Relation rel)
{
	Oid			relid = RelationGetRelid(rel);

	/* (also above one that is being detached) */
	while (get_rel_relispartition(relid))
		relid = get_partition_parent(relid, true);
	return relid;
}

/* Append a value as it is stored, wherever and however that may be. */
static void
append_value(StringInfo key, Form_pg_attribute att, Datum value)
{
	if (att->attlen == -1)
	{
		struct varlena *plain = PG_DETOAST_DATUM_PACKED(value);
		int			length = VARSIZE_ANY_EXHDR(plain);

		appendBinaryStringInfo(key, (char *) &length, sizeof(length));
		appendBinaryStringInfo(key, VARDATA_ANY(plain), length);
	}
	else if (att->attbyval)
		appendBinaryStringInfo(key, (char *) &value, sizeof(value));
	else
		appendBinaryStringInfo(key, DatumGetPointer(value), att->attlen);
}

/* Put a hash in the place of a key that would be too long for an index. */
static void
shorten_key(StringInfo key)
{
	uint8		hash[PG_SHA256_DIGEST_LENGTH];
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);

	if (context == NULL || pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (uint8 *) key->data, key->len) < 0 ||
		pg_cryptohash_final(context, hash, sizeof(hash)) < 0)
		elog(ERROR, "could not compute hash: %s", pg_cryptohash_error(context));
	pg_cryptohash_free(context);
	resetStringInfo(key);
	appendBinaryStringInfo(key, (char *) hash, sizeof(hash));
}

/*
 * Spell which row it is: the table, and the values of its key's columns as the row
 * stores them.  In the current memory context.
 */
bytea *
cc_edit_key(Oid relid, TupleDesc tupdesc, const AttrNumber *attnums,
			const Datum *values, int nkeys)
{
	StringInfoData key;
	bytea	   *spelled;

	initStringInfo(&key);
	appendBinaryStringInfo(&key, (char *) &relid, sizeof(relid));
	for (int i = 0; i < nkeys; i++)
		append_value(&key, TupleDescAttr(tupdesc, attnums[i] - 1), values[i]);
	if (key.len > LONGEST_KEY)
		shorten_key(&key);
	spelled = palloc(VARHDRSZ + key.len);
	SET_VARSIZE(spelled, VARHDRSZ + key.len);
	memcpy(VARDATA(spelled), key.data, key.len);
	return spelled;
}

/*
 * Prepare to look for edits of a relation's rows, in a statement.  It has a primary
 * key, or its policy would be refused.  In the current memory context.
 */
EditWatch *
cc_edit_watch(Relation rel)
{
	Relation	index = cc_key_open(rel);
	EditWatch  *watch;
	Oid			namespace;

	Assert(index != NULL);
	watch = palloc0(sizeof(EditWatch));
	watch->relid = cc_edit_table(rel);
	watch->nkeys = IndexRelationGetNumberOfKeyAttributes(index);
	memcpy(watch->attnums, index->rd_index->indkey.values,
		   watch->nkeys * sizeof(AttrNumber));
	index_close(index, AccessShareLock);

	namespace = get_namespace_oid("concurrency", false);
	watch->leases = get_relname_relid("leases", namespace);
	watch->leases_row_key = get_relname_relid("leases_row_key", namespace);
	/* (the locks stay until the end of the transaction) */
	LockRelationOid(watch->leases, AccessShareLock);
	LockRelationOid(watch->leases_row_key, AccessShareLock);
	return watch;
}

/* Spell the key of a row that is written. */
static bytea *
spell_row_key(const EditWatch *watch, Relation rel, HeapTuple row)
{
	TupleDesc	tupdesc = RelationGetDescr(rel);
	Datum		values[INDEX_MAX_KEYS];
	bool		isnull;

	for (int i = 0; i < watch->nkeys; i++)
		values[i] = heap_getattr(row, watch->attnums[i], tupdesc, &isnull);
	return cc_edit_key(watch->relid, tupdesc, watch->attnums, values, watch->nkeys);
}

/* Is this edit of the row, one that others must respect, now, and not the writer's? */
static bool
stands_in_the_way(TupleTableSlot *slot, bytea *key, Edit *edit)
{
	Editor		writer = cc_edit_editor();
	Datum	   *values = slot->tts_values;
	bytea	   *found;

	slot_getsomeattrs(slot, LEASES_EXPIRES);
	found = DatumGetByteaPP(values[LEASES_KEY - 1]);
	edit->editor = TextDatumGetCString(values[LEASES_EDITOR - 1]);
	edit->since = DatumGetTimestampTz(values[LEASES_SINCE - 1]);
	edit->expires = DatumGetTimestampTz(values[LEASES_EXPIRES - 1]);
	return VARSIZE_ANY_EXHDR(found) == VARSIZE_ANY_EXHDR(key) &&
		memcmp(VARDATA_ANY(found), VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)) == 0 &&
		DatumGetBool(values[LEASES_EXCLUSIVE - 1]) &&
		edit->expires > GetCurrentTimestamp() &&
		(DatumGetObjectId(values[LEASES_ROLEID - 1]) != writer.roleid ||
		 strcmp(edit->editor, writer.name) != 0);
}

/* Look at all edits of the row that a scan finds. */
static bool
look_at_edits(IndexScanDesc scan, bytea *key, Edit *edit)
{
	TupleTableSlot *slot = NULL;
	bool		found = false;

	while (!found && index_getnext_tid(scan, ForwardScanDirection) != NULL)
	{
		if (slot == NULL)
			slot = table_slot_create(scan->heapRelation, NULL);
		found = index_fetch_heap(scan, slot) && stands_in_the_way(slot, key, edit);
	}
	if (slot)
		ExecDropSingleTupleTableSlot(slot);
	return found;
}

/*
 * Does somebody else edit the row exclusively?  The caller has it locked, so that
 * an edit of it can begin before or after, and not now.  It is looked for by a
 * snapshot of now: that of the statement, or of the transaction, may be older
 * than the lock.
 */
bool
cc_edit_find(const EditWatch *watch, Relation rel, HeapTuple row, Edit *edit)
{
	Relation	leases = table_open(watch->leases, NoLock);
	bool		found = false;

	/* nothing is cheaper to see than that there are none at all */
	if (RelationGetNumberOfBlocks(leases) > 0)
	{
		bytea	   *key = spell_row_key(watch, rel, row);
		Relation	index = index_open(watch->leases_row_key, NoLock);
		Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
		IndexScanDesc scan = index_beginscan_compat(leases, index, snapshot, 1);
		ScanKeyData scankey;

		ScanKeyInit(&scankey, 1, HTEqualStrategyNumber, F_BYTEAEQ, PointerGetDatum(key));
		index_rescan(scan, &scankey, 1, NULL, 0);
		found = look_at_edits(scan, key, edit);
		index_endscan(scan);
		UnregisterSnapshot(snapshot);
		index_close(index, NoLock);
	}
	table_close(leases, NoLock);
	return found;
}
