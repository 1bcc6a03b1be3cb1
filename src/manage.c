/*-------------------------------------------------------------------------
 *
 * manage.c
 *	  What the management functions, which are SQL, ask of the C code: so that
 *	  kinds and options are known in one place.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "parser/parse_relation.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

#include "conflict.h"
#include "policy.h"
#include "version.h"

PG_FUNCTION_INFO_V1(version_kinds);
PG_FUNCTION_INFO_V1(check_trigger_arguments);
PG_FUNCTION_INFO_V1(column_types);
PG_FUNCTION_INFO_V1(raise_conflict);

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

	if (!PG_ARGISNULL(0))
	{
		typid = PG_GETARG_OID(0);
		if (!SearchSysCacheExists1(TYPEOID, ObjectIdGetDatum(typid)))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("type with OID %u does not exist", typid)));
		typid = getBaseType(typid);
	}

	InitMaterializedSRF(fcinfo, 0);
	for (const VersionKind *kind = cc_version_kinds; kind->name; kind++)
	{
		Datum		values[4];
		bool		nulls[4] = {false};

		if (OidIsValid(typid) && kind->typid != typid)
			continue;
		values[0] = CStringGetTextDatum(kind->name);
		values[1] = ObjectIdGetDatum(kind->typid);
		values[2] = BoolGetDatum(kind->is_default);
		values[3] = CStringGetTextDatum(kind->column_default);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* Open a table that a client names by any OID, locked ACCESS SHARE. */
static Relation
open_table(Oid relid)
{
	Relation	rel = try_table_open(relid, AccessShareLock);

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u does not exist", relid)));
	return rel;
}

/*
 * check_trigger_arguments(regclass, text[]) RETURNS void
 *
 * Raise the error, if any, that a version trigger with these arguments would
 * raise at the table's next write.
 */
Datum
check_trigger_arguments(PG_FUNCTION_ARGS)
{
	Relation	rel = open_table(PG_GETARG_OID(0));
	Datum	   *elements;
	char	  **args;
	int			nargs;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false,
					  TYPALIGN_INT, &elements, NULL, &nargs);
	args = palloc(nargs * sizeof(char *));
	for (int i = 0; i < nargs; i++)
		args[i] = TextDatumGetCString(elements[i]);

	cc_policy_check(rel, nargs, args);

	table_close(rel, AccessShareLock);
	PG_RETURN_VOID();
}

/*
 * column_types("table" regclass, columns name[]) RETURNS regtype[]
 *
 * The types that the columns have and keep: the table stays locked, by its OID,
 * whatever its name is meanwhile, ACCESS SHARE until the end of the transaction.
 * Null for a column that is not there.
 */
Datum
column_types(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	Relation	rel;
	Datum	   *names;
	Datum	   *types;
	bool	   *nulls;
	int			ncolumns;
	int			lower_bound = 1;

	rel = open_table(relid);
	/* whoever may not read it keeps no lock: the error ends it */
	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(relid, GetUserId(), ACL_SELECT, ACLMASK_ANY) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, RelationGetRelationName(rel));

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), NAMEOID, NAMEDATALEN, false,
					  TYPALIGN_CHAR, &names, NULL, &ncolumns);
	types = palloc(ncolumns * sizeof(Datum));
	nulls = palloc(ncolumns * sizeof(bool));
	for (int i = 0; i < ncolumns; i++)
	{
		int			attnum = attnameAttNum(rel, NameStr(*DatumGetName(names[i])), false);

		nulls[i] = attnum == InvalidAttrNumber;
		if (!nulls[i])
			types[i] = ObjectIdGetDatum(attnumTypeId(rel, attnum));
	}

	table_close(rel, NoLock);
	PG_RETURN_ARRAYTYPE_P(construct_md_array(types, nulls, 1, &ncolumns, &lower_bound,
											 REGTYPEOID, sizeof(Oid), true, TYPALIGN_INT));
}

/*
 * raise_conflict("table" regclass, "column" name, trigger name, key text,
 *				  current_version text, token text) RETURNS void
 *
 * Raise the error of a stale write.  The caller has read the values with the
 * current user's own rights; under row security they are withheld all the same.
 */
Datum
raise_conflict(PG_FUNCTION_ARGS)
{
	ConflictSubject subject;
	char	   *detail = NULL;

	for (int i = 0; i < PG_NARGS(); i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("arguments of function \"%s\" must not be null",
							"raise_conflict")));
	}

	subject.home = PG_GETARG_OID(0);
	subject.column = NameStr(*PG_GETARG_NAME(1));
	subject.trigger = NameStr(*PG_GETARG_NAME(2));
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(subject.home)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u does not exist", subject.home)));

	if (check_enable_rls(subject.home, InvalidOid, true) != RLS_ENABLED)
		detail = psprintf("%s is at version %s, but the write is based on version %s.",
						  text_to_cstring(PG_GETARG_TEXT_PP(3)),
						  text_to_cstring(PG_GETARG_TEXT_PP(4)),
						  text_to_cstring(PG_GETARG_TEXT_PP(5)));
	cc_conflict_report(ERROR, &subject, detail);
	PG_RETURN_VOID();
}
