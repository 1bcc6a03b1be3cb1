/*-------------------------------------------------------------------------
 *
 * alter.h
 *	  Changes to tables, by PostgreSQL's own commands.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_ALTER_H
#define CC_ALTER_H

#include "options.h"
#include "version.h"

extern void cc_alter_add_column(Oid relid, const char *column,
								const VersionKind *kind);
extern void cc_alter_set_default(Oid relid, const char *column,
								 const char *expression);
extern void cc_alter_rename_column(Oid relid, const char *column, const char *name);
extern void cc_alter_create_trigger(Oid relid, const char *name, List *args,
									const TriggerOptions *options);
extern void cc_alter_drop_trigger(Oid relid, const char *name);
extern void cc_alter_rename_trigger(Oid relid, const char *name,
									const char *new_name);
extern void cc_alter_set_state(Oid relid, const char *name, char state);

#endif							/* CC_ALTER_H */
