/*-------------------------------------------------------------------------
 *
 * edit.h
 *	  Does somebody else edit this row?
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_EDIT_H
#define CC_EDIT_H

#include "datatype/timestamp.h"
#include "utils/rel.h"

/* Who edits: a role, and whom it speaks for. */
typedef struct Editor
{
	Oid			roleid;
	const char *name;
} Editor;

/* Where the edits of a relation's rows are looked for, and by which key. */
typedef struct EditWatch
{
	Oid			relid;			/* the topmost partitioned table, or the table */
	Oid			leases;			/* the table of edits, and its index of keys */
	Oid			leases_row_key;
	int			nkeys;
	AttrNumber	attnums[INDEX_MAX_KEYS];	/* of the key, in its order */
} EditWatch;

/* An edit that stands in the way. */
typedef struct Edit
{
	const char *editor;
	TimestampTz since;
	TimestampTz expires;
} Edit;

extern Editor cc_edit_editor(void);
extern Oid	cc_edit_table(Relation rel);
extern bytea *cc_edit_key(Oid relid, TupleDesc tupdesc, const AttrNumber *attnums,
						  const Datum *values, int nkeys);
extern EditWatch *cc_edit_watch(Relation rel);
extern bool cc_edit_find(const EditWatch *watch, Relation rel, HeapTuple row,
						 Edit *edit);

#endif							/* CC_EDIT_H */
