'use strict';

const { Kysely, PostgresDialect, sql } = require('kysely');
const { DatabaseError, Pool } = require('pg');

const dialect = new PostgresDialect({ pool: new Pool() });	// PGHOST, PGDATABASE and so on say where
const db = new Kysely({ dialect });

// Send all columns back, and with them the version that was read; go on with the
// one that comes back.
async function save(doc, trx = db) {
	const { id, ...values } = doc;
	const saved = await trx.updateTable('doc').set(values).where('id', '=', id).returningAll().executeTakeFirstOrThrow();

	return Object.assign(doc, saved);
}

// Write in a transaction in which the documents must be at the version of this one:
// for a delete, which sends none.
function expecting(doc, write) {
	return db.transaction().execute(async trx => {
		await sql`SELECT concurrency.expect('doc', ${doc.version})`.execute(trx);
		return write(trx);
	});
}

// The server's refusal: the driver's error, which Kysely hands on as it is.
function refusal(error) {
	return error instanceof DatabaseError && ['PT409', 'PT428'].includes(error.code) ? error : undefined;
}

module.exports = { db, save, expecting, refusal };
