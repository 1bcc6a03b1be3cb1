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
#include "session.h"
#include "settings.h"
#include "shortcut.h"
#include "statistics.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

/*
 * Each module that has something to set up is one call.
 */
void
_PG_init(void)
{
	cc_settings_init();
	cc_session_init();
	cc_statistics_init();
	cc_shortcut_init();
}
