/*-------------------------------------------------------------------------
 *
 * concurrency.c
 *	  The loadable module: what happens when PostgreSQL loads it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "compat.h"
#include "settings.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

/*
 * Define the settings; everything else is done by the functions that SQL
 * calls.
 */
void
_PG_init(void)
{
	cc_settings_init();
}
