'use strict';

const { and, eq, sql } = require('drizzle-orm');
const run = require('../lib/cases');
const { pool, db, docs, save, expecting, refusal } = require('./model');

const client = {
	create: values => db.insert(docs).values(values),
	read: async id => (await db.select().from(docs).where(eq(docs.id, id)))[0],
	save,
	remove: (doc, tx = db) => tx.delete(docs).where(eq(docs.id, doc.id)),
	expecting,
	refusal,
	close: () => pool.end(),
};

run(client, async ({ attempt, fresh, stale }) => {
	// As Drizzle's documentation has it.
	const checked = async ({ id, body, version }) => (await db.update(docs)
		.set({ body, version: sql`${docs.version} + 1` })
		.where(and(eq(docs.id, id), eq(docs.version, version)))).rowCount;

	let doc = await fresh();
	await attempt('fresh increment, old version in where()', doc.id, () => checked({ ...doc, body: 'mine' }), 'mine');
	doc = await stale(checked);
	await attempt('stale increment, old version in where()', doc.id, () => checked({ ...doc, body: 'second' }), 'first');
	doc = await stale();
	await attempt('stale increment without that', doc.id, () => db.update(docs)
		.set({ body: 'second', version: sql`${docs.version} + 1` }).where(eq(docs.id, doc.id)), 'first');
	doc = await stale();
	await attempt('partial update', doc.id,
		() => db.update(docs).set({ title: 'second' }).where(eq(docs.id, doc.id)), 'first');
	doc = await stale();
	await attempt('blind update', doc.id,
		() => db.update(docs).set({ body: 'second' }).where(eq(docs.id, doc.id)), 'first');
	const upsert = doc => db.insert(docs).values(doc)
		.onConflictDoUpdate({ target: docs.id, set: { body: sql`excluded.body`, version: sql`excluded.version` } });
	doc = await fresh();
	await attempt('fresh upsert with the version', doc.id, () => upsert({ ...doc, body: 'mine' }), 'mine');
	doc = await stale();
	await attempt('stale upsert with the version', doc.id, () => upsert({ ...doc, body: 'second' }), 'first');
});
