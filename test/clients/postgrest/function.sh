#!/bin/sh
# The function that PostgREST calls before each request, from its page.
perl -0777 -ne 'print grep { /FUNCTION web\.check_if_match/ } /^```sql\n(.*?)^```$/msg' ../../../doc/clients/postgrest.md |
	psql -X -q -v ON_ERROR_STOP=1
