'use strict';

const { LockMode } = require('@mikro-orm/postgresql');
const run = require('../lib/cases');
const { orm, Doc, expecting, isStale, refusal } = require('./model');

// Each writer has an entity manager, which knows the documents that it has read.
const managers = new WeakMap();

async function read(id, em = orm.em.fork()) {
	const doc = await em.findOneOrFail(Doc, id);

	managers.set(doc, em);
	return doc;
}

const client = {
	create: values => orm.em.fork().insert(Doc, values),
	read,
	save: doc => managers.get(doc).flush(),
	remove: (doc, em = managers.get(doc)) => em.remove(doc).flush(),
	expecting: (doc, write) => expecting(managers.get(doc), doc, write),
	stale: isStale,
	refusal,
	close: () => orm.close(),
};

// Somebody else writes when the driver is about to.
function inBetween(method, write) {
	const driver = orm.em.getDriver();

	driver[method] = async (...args) => {
		delete driver[method];
		await write();
		return driver[method](...args);
	};
}

run(client, async ({ attempt, fresh, stale, byTool }) => {
	const em = orm.em.fork();
	let doc = await stale();

	await attempt('blind update by nativeUpdate()', doc.id,
		() => em.nativeUpdate(Doc, { id: doc.id }, { body: 'second' }), 'first');
	doc = await stale();
	await attempt('partial update by nativeUpdate()', doc.id,
		() => em.nativeUpdate(Doc, { id: doc.id }, { title: 'second' }), 'first');
	doc = await fresh();
	await attempt('fresh nativeUpdate() with the version', doc.id,
		() => em.nativeUpdate(Doc, { id: doc.id }, { body: 'mine', version: doc.version }), 'mine');
	doc = await stale();
	await attempt('stale nativeUpdate() with the version', doc.id,
		() => em.nativeUpdate(Doc, { id: doc.id }, { body: 'second', version: doc.version }), 'first');
	doc = await stale();
	await attempt('stale nativeUpdate() where the version is', doc.id,
		() => em.nativeUpdate(Doc, { id: doc.id, version: doc.version }, { body: 'second' }), 'first');
	doc = await stale();
	await attempt('stale upsert()', doc.id,
		() => em.fork().upsert(Doc, { id: doc.id, body: 'second' }), 'first');
	doc = await stale();
	await attempt('stale upsert() with the version', doc.id,
		() => em.fork().upsert(Doc, { id: doc.id, body: 'second', version: doc.version }), 'first');
	doc = await stale();
	await attempt('stale update, by lock()', doc.id, async () => {
		const now = await read(doc.id);
		await managers.get(now).lock(now, LockMode.OPTIMISTIC, doc.version);
		return client.save(Object.assign(now, { body: 'second' }));
	}, 'first');

	// Two documents of one class are looked at first, and then written by one statement.
	async function pair(doc) {
		const other = await read((await fresh()).id, managers.get(doc));

		return body => {
			Object.assign(other, { body });
			return client.save(Object.assign(doc, { body }));
		};
	}
	let save = await pair(doc = await fresh());
	await attempt('fresh update of two documents', doc.id, () => save('mine'), 'mine');
	save = await pair(doc = await stale());
	await attempt('stale update of two documents', doc.id, () => save('second'), 'first');
	save = await pair(doc = await fresh());
	inBetween('nativeUpdateMany', () => byTool(doc.id));
	await attempt('update of two documents, another one slips in', doc.id, () => save('second'), 'by a tool');
	orm.config.set('useBatchUpdates', false);
	save = await pair(doc = await fresh());
	inBetween('nativeUpdate', () => byTool(doc.id));
	await attempt('the same, without useBatchUpdates', doc.id, () => save('second'), 'by a tool');
});
