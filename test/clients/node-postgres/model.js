'use strict';

const { isDeepStrictEqual } = require('node:util');
const { DatabaseError, Pool } = require('pg');

const pool = new Pool();	// PGHOST, PGDATABASE and so on say where

async function read(id) {
	return (await pool.query('SELECT * FROM doc WHERE id = $1', [id])).rows[0];
}

// Send back the version that was read, and go on with the one that comes back.
// Give the number of rows: 0, if somebody has deleted the document.
async function save(doc, db = pool) {
	const { rows, rowCount } = await db.query(
		'UPDATE doc SET title = $1, body = $2, version = $3 WHERE id = $4 RETURNING version',
		[doc.title, doc.body, doc.version, doc.id]);

	Object.assign(doc, rows[0]);
	return rowCount;
}

async function remove(doc, db = pool) {
	return (await db.query('DELETE FROM doc WHERE id = $1 AND version = $2', [doc.id, doc.version])).rowCount;
}

async function transaction(work) {
	const client = await pool.connect();

	try {
		await client.query('BEGIN');
		const result = await work(client);
		await client.query('COMMIT');
		return result;
	} catch (error) {
		await client.query('ROLLBACK');
		throw error;
	} finally {
		client.release();
	}
}

// The server's refusal of a stale or a blind write: message, detail and hint are for
// a person, schema, table, column and constraint for a program.
function refusal(error) {
	return error instanceof DatabaseError && ['PT409', 'PT428'].includes(error.code) ? error : undefined;
}

// What was changed in a copy since it was read, laid over the document as it is now;
// and the columns that somebody else has changed as well, for a person to decide.
function rebase(base, mine, theirs) {
	const ours = Object.keys(base).filter(column =>
		column !== 'version' && !isDeepStrictEqual(mine[column], base[column]));

	return {
		rebased: { ...theirs, ...Object.fromEntries(ours.map(column => [column, mine[column]])) },
		both: ours.filter(column => !isDeepStrictEqual(theirs[column], base[column])),
	};
}

module.exports = { pool, read, save, remove, transaction, refusal, rebase };
