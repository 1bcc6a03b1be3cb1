/*-------------------------------------------------------------------------
 *
 * alter.h
 *	  Changes to tables, by PostgreSQL's own commands.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_ALTER_H
#define CC_ALTER_H

#include "utils/rel.h"

#include "options.h"
#include "version.h"

extern void cc_alter_add_column(Relation rel, const char *column,
								const VersionKind *kind);
extern void cc_alter_set_default(Relation rel, const char *column,
								 const char *expression, bool in_tree);
extern void cc_alter_rename_column(Relation rel, const char *column,
								   const char *name);
extern void cc_alter_create_trigger(Relation rel, const char *name, List *args,
									const TriggerOptions *options);
extern void cc_alter_drop_trigger(Relation rel, const char *name);
extern void cc_alter_rename_trigger(Relation rel, const char *name,
									const char *new_name);
extern void cc_alter_restore_states(Relation rel, List *triggers);

#endif							/* CC_ALTER_H */
