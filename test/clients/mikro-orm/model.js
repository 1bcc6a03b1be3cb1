'use strict';

const { DriverException, EntitySchema, MikroORM, OptimisticLockError } = require('@mikro-orm/postgresql');

const Doc = new EntitySchema({
	name: 'Doc',
	tableName: 'doc',
	properties: {
		id: { type: 'integer', primary: true },
		title: { type: 'text', default: 'draft' },
		body: { type: 'text', nullable: true },
		version: { type: 'integer', version: true },	// @Property({ version: true }) in TypeScript
	},
});

const orm = MikroORM.initSync({
	entities: [Doc],
	host: process.env.PGHOST,
	port: Number(process.env.PGPORT),
	user: process.env.PGUSER,
	dbName: process.env.PGDATABASE,
});

// Write in a transaction in which the documents must be at the version of this one:
// for a remove(), which sends none.
function expecting(em, doc, write) {
	return em.transactional(async em => {
		await em.execute("SELECT concurrency.expect('doc', ?)", [doc.version]);
		return write(em);
	});
}

// Somebody else was faster, and MikroORM has noticed it.
function isStale(error) {
	return error instanceof OptimisticLockError;
}

// The server's refusal: MikroORM's exception has the driver's fields.
function refusal(error) {
	return error instanceof DriverException && ['PT409', 'PT428'].includes(error.code) ? error : undefined;
}

module.exports = { orm, Doc, expecting, isStale, refusal };
