/*-------------------------------------------------------------------------
 *
 * place.h
 *	  Where rows have a column's value, found without taking them apart.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CC_PLACE_H
#define CC_PLACE_H

#include "access/htup_details.h"
#include "access/tupdesc.h"

/* A column of one relation (partitions may number theirs otherwise) */
typedef struct ColumnPlace
{
	AttrNumber	attnum;
	int16		typlen;
	bool		typbyval;
	bool		is_last;		/* of all columns, and of fixed width? */
	bool		is_fixed;		/* behind fixed-width columns only? */
	int			nleading;		/* fixed-width columns that the row begins
								 * with */
	int			offset;			/* where they end, or the column is if
								 * is_fixed */
} ColumnPlace;

extern ColumnPlace cc_place_of(TupleDesc tupdesc, AttrNumber attnum);
extern bool cc_place_ignores_nulls(const ColumnPlace *place, const uint8 *bits);
extern char *cc_place_walk(const ColumnPlace *place, HeapTuple tuple,
						   TupleDesc tupdesc);

/* Does the row store a value?  Else it is null, or the column younger. */
static inline bool
cc_place_is_filled(const ColumnPlace *place, HeapTuple tuple)
{
	HeapTupleHeader row = tuple->t_data;

	return HeapTupleHeaderGetNatts(row) >= place->attnum &&
		(!HeapTupleHasNulls(tuple) ||
		 !att_isnull(place->attnum - 1, row->t_bits));
}

/*
 * Find the value, if it takes no walk; else NULL, as if none is stored.
 *
 * A fixed-width column that is the last one ends where the row ends, however
 * wide that is: heap_fill_tuple() pads before a value only.
 */
static inline char *
cc_place_find(const ColumnPlace *place, HeapTuple tuple)
{
	HeapTupleHeader row = tuple->t_data;

	if (HeapTupleHeaderGetNatts(row) < place->attnum ||
		(HeapTupleHasNulls(tuple) &&
		 !cc_place_ignores_nulls(place, row->t_bits)))
		return NULL;
	if (place->is_last)
		return (char *) row + tuple->t_len - place->typlen;
	if (place->is_fixed)
		return (char *) row + row->t_hoff + place->offset;
	return NULL;
}

#endif							/* CC_PLACE_H */
