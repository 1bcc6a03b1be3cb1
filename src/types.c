/*-------------------------------------------------------------------------
 *
 * types.c
 *	  The kinds of version column, in SQL: version_kinds().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "catalog.h"
#include "policy.h"
#include "version.h"

PG_FUNCTION_INFO_V1(version_kinds);

/*
 * version_kinds(for_type regtype) RETURNS SETOF record
 *
 * The table of kinds, in its order; only what suits a type if one is given.
 */
Datum
version_kinds(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			typid = InvalidOid;

	InitMaterializedSRF(fcinfo, 0);
	if (!PG_ARGISNULL(0))
	{
		typid = cc_catalog_base_type(PG_GETARG_OID(0));
		if (!OidIsValid(typid))
			return (Datum) 0;
	}
	for (const VersionKind *kind = cc_version_kinds; kind->name; kind++)
	{
		Datum		values[5];
		bool		nulls[5] = {false};

		if (OidIsValid(typid) && kind->typid != typid)
			continue;
		values[0] = CStringGetTextDatum(kind->name);
		values[1] = ObjectIdGetDatum(kind->typid);
		values[2] = BoolGetDatum(kind->is_default);
		values[3] = CStringGetTextDatum(kind->column_default);
		values[4] = CStringGetTextDatum(cc_policy_protocol_name(kind->protocol));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
