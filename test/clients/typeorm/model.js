'use strict';

const { DataSource, EntitySchema, OptimisticLockVersionMismatchError, QueryFailedError } = require('typeorm');

const Doc = new EntitySchema({
	name: 'Doc',
	tableName: 'doc',
	columns: {
		id: { type: 'integer', primary: true, generated: 'identity' },
		title: { type: 'text', default: 'draft' },
		body: { type: 'text', nullable: true },
		version: { type: 'integer', version: true },	// @VersionColumn() in TypeScript
	},
});

// PGHOST, PGDATABASE and so on say where
const database = new DataSource({ type: 'postgres', entities: [Doc] });
const docs = database.getRepository(Doc);

// Write in a transaction in which the documents must be at the version of this one:
// for a delete, which sends none, and because save() first reads the row again.
function expecting(doc, write) {
	return database.transaction(async manager => {
		await manager.query("SELECT concurrency.expect('doc', $1)", [doc.version]);
		return write(manager);
	});
}

// The server's refusal, as the driver has it: TypeORM wraps it.
function refusal(error) {
	return error instanceof QueryFailedError && ['PT409', 'PT428'].includes(error.driverError.code)
		? error.driverError : undefined;
}

// TypeORM's own, which only an optimistic lock throws when it reads.
function isStale(error) {
	return error instanceof OptimisticLockVersionMismatchError;
}

module.exports = { database, docs, expecting, refusal, isStale };
