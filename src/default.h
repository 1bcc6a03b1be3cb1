/*-------------------------------------------------------------------------
 *
 * default.h
 *	  What a column has where an INSERT does not name it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_DEFAULT_H
#define CC_DEFAULT_H

#include "catalog/pg_attribute.h"

#include "version.h"

/* A column's DEFAULT, or that of its domain. */
typedef struct ColumnDefault
{
	bool		is_there;		/* is there any, or an identity? */
	bool		is_constant;	/* has every row the same? */
	const VersionKind *kind;	/* whose default it is, if it is the column's */
} ColumnDefault;

extern ColumnDefault cc_default_of(Form_pg_attribute att);

#endif							/* CC_DEFAULT_H */
