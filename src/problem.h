/*-------------------------------------------------------------------------
 *
 * problem.h
 *	  What a version trigger would refuse as it stands, and what mends it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_PROBLEM_H
#define CC_PROBLEM_H

#include "utils/rel.h"

extern char *cc_problem_find(Relation rel, const Trigger *trigger);
extern char *cc_problem_mend(Relation rel, const Trigger *trigger);

#endif							/* CC_PROBLEM_H */
