'use strict';

const knex = require('knex')({ client: 'pg', connection: {} });	// PGHOST, PGDATABASE and so on say where
const { Model } = require('objection');
const { DatabaseError } = require('pg');

class Doc extends Model {
	static tableName = 'doc';
}
Doc.knex(knex);

// Send all columns back, and with them the version that was read; go on with the
// one that comes back.
function save(doc, trx) {
	return doc.$query(trx).patchAndFetch(doc).throwIfNotFound();
}

// Write in a transaction in which the documents must be at the version of this one:
// for a delete, which sends none.
function expecting(doc, write) {
	return Doc.transaction(async trx => {
		await trx.raw("SELECT concurrency.expect('doc', ?)", [doc.version]);
		return write(trx);
	});
}

// The server's refusal, as the driver has it; only its message begins with the SQL.
function refusal(error) {
	return error instanceof DatabaseError && ['PT409', 'PT428'].includes(error.code) ? error : undefined;
}

module.exports = { knex, Doc, save, expecting, refusal };
