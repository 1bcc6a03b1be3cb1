/*-------------------------------------------------------------------------
 *
 * writer.h
 *	  Who is writing: the table's owner, a foreign key, this transaction again?
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_WRITER_H
#define CC_WRITER_H

#include "commands/trigger.h"
#include "utils/rel.h"

extern bool cc_writer_covers(Oid relid, Relation rel);
extern bool cc_writer_owns(Oid roleid, Relation rel);
extern bool cc_writer_is_foreign_key(TriggerData *trigdata);
extern bool cc_writer_made_row(TriggerData *trigdata, CommandId since);

#endif							/* CC_WRITER_H */
