'use strict';

const { DrizzleQueryError, eq, sql } = require('drizzle-orm');
const { drizzle } = require('drizzle-orm/node-postgres');
const { bigint, integer, pgTable, text } = require('drizzle-orm/pg-core');
const { DatabaseError, Pool } = require('pg');

const docs = pgTable('doc', {
	id: integer().primaryKey().generatedByDefaultAsIdentity(),
	title: text().notNull().default('draft'),
	body: text(),
	version: bigint({ mode: 'number' }).notNull().default(1),
});

const pool = new Pool();	// PGHOST, PGDATABASE and so on say where
const db = drizzle({ client: pool });

// Send all columns back, and with them the version that was read; go on with the
// one that comes back.
async function save(doc, tx = db) {
	const [saved] = await tx.update(docs).set(doc).where(eq(docs.id, doc.id)).returning();

	if (!saved)
		throw new Error(`document ${doc.id} is gone`);
	return Object.assign(doc, saved);
}

// Write in a transaction in which the documents must be at the version of this one:
// for a delete, which sends none.
function expecting(doc, write) {
	return db.transaction(async tx => {
		await tx.execute(sql`SELECT concurrency.expect('doc', ${doc.version})`);
		return write(tx);
	});
}

// The server's refusal, as the driver has it: Drizzle wraps it.
function refusal(error) {
	return error instanceof DrizzleQueryError && error.cause instanceof DatabaseError &&
		['PT409', 'PT428'].includes(error.cause.code) ? error.cause : undefined;
}

module.exports = { pool, db, docs, save, expecting, refusal };
