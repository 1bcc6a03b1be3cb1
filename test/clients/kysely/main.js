'use strict';

const { NoResultError } = require('kysely');
const run = require('../lib/cases');
const { db, save, expecting, refusal } = require('./model');

const client = {
	create: values => db.insertInto('doc').values(values).execute(),
	read: id => db.selectFrom('doc').selectAll().where('id', '=', id).executeTakeFirst(),
	save,
	remove: ({ id }, trx = db) => trx.deleteFrom('doc').where('id', '=', id).execute(),
	expecting,
	stale: error => error instanceof NoResultError,
	refusal,
	close: () => db.destroy(),
};

run(client, async ({ attempt, fresh, stale }) => {
	const update = ({ id }, values) => db.updateTable('doc').set(values).where('id', '=', id);
	const next = eb => eb('version', '+', 1);
	const checked = doc => update(doc, { body: doc.body, version: next }).where('version', '=', doc.version);
	const counted = async query => Number((await query.executeTakeFirstOrThrow()).numUpdatedRows);

	const saveChecked = doc => counted(checked(doc));
	let doc = await fresh();
	await attempt('fresh increment, old version in where()', doc.id, () => saveChecked({ ...doc, body: 'mine' }), 'mine');
	doc = await stale(saveChecked);
	await attempt('stale increment, old version in where()', doc.id,
		() => saveChecked({ ...doc, body: 'second' }), 'first');
	doc = await stale(saveChecked);
	await attempt('stale increment, old version in where(), executeTakeFirstOrThrow()', doc.id,
		() => checked({ ...doc, body: 'second' }).returning('version').executeTakeFirstOrThrow(), 'first');
	doc = await stale();
	await attempt('stale increment without that', doc.id,
		() => counted(update(doc, { body: 'second', version: next })), 'first');
	doc = await stale();
	await attempt('partial update', doc.id, () => counted(update(doc, { title: 'second' })), 'first');
	doc = await fresh();
	await attempt('fresh partial update with the version', doc.id,
		() => counted(update(doc, { body: 'mine', version: doc.version })), 'mine');
	doc = await stale();
	await attempt('stale partial update with the version', doc.id,
		() => counted(update(doc, { body: 'second', version: doc.version })), 'first');
	doc = await stale();
	await attempt('blind update', doc.id, () => counted(update(doc, { body: 'second' })), 'first');
	const upsert = doc => db.insertInto('doc').values(doc).onConflict(conflict => conflict.column('id').doUpdateSet(eb => ({
		body: eb.ref('excluded.body'), version: eb.ref('excluded.version') }))).execute();
	doc = await fresh();
	await attempt('fresh upsert with the version', doc.id, () => upsert({ ...doc, body: 'mine' }), 'mine');
	doc = await stale();
	await attempt('stale upsert with the version', doc.id, () => upsert({ ...doc, body: 'second' }), 'first');
	doc = await stale(saveChecked);
	await attempt('stale delete, old version in where()', doc.id, async () => Number((await db.deleteFrom('doc')
		.where('id', '=', doc.id).where('version', '=', doc.version).executeTakeFirst()).numDeletedRows), 'first');
});
