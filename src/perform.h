/*-------------------------------------------------------------------------
 *
 * perform.h
 *	  Attaching a table as it was planned, and what is said of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_PERFORM_H
#define CC_PERFORM_H

#include "plan.h"

extern const char *cc_perform_attach(const AttachRequest *request);

#endif							/* CC_PERFORM_H */
