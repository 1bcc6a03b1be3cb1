'use strict';

const run = require('../lib/cases');
const { database, docs, expecting, refusal, isStale } = require('./model');

const client = {
	create: values => docs.save(docs.create(values)),
	read: id => docs.findOneByOrFail({ id }),
	save: (doc, manager = database.manager) => manager.save('Doc', doc),
	remove: (doc, manager = database.manager) => manager.remove('Doc', doc),
	expecting,
	refusal,
	stale: isStale,
	close: () => database.destroy(),
};

// TypeORM reads the document again before it writes: somebody else writes in between.
function inBetween(write) {
	database.subscribers.push({
		async beforeUpdate() {
			database.subscribers.pop();
			await write();
		},
	});
}

async function main() {
	await database.initialize();
	await run(client, async ({ attempt, fresh, stale, attached, byTool }) => {
		let doc = await stale();
		await attempt('partial update by update()', doc.id, () => docs.update(doc.id, { title: 'second' }), 'first');
		doc = await stale();
		await attempt('blind update by update()', doc.id, () => docs.update(doc.id, { body: 'second' }), 'first');
		doc = await fresh();
		await attempt('fresh update by update() with the version', doc.id,
			() => docs.update(doc.id, { body: 'mine', version: doc.version }), 'mine');
		doc = await stale();
		await attempt('stale update by update() with the version', doc.id,
			() => docs.update(doc.id, { body: 'second', version: doc.version }), 'first');
		doc = await stale();
		await attempt('stale update, by an optimistic lock', doc.id, async () => {
			const now = await docs.findOne({
				where: { id: doc.id },
				lock: { mode: 'optimistic', version: doc.version },
			});
			await docs.save(Object.assign(now, { body: 'second' }));
		}, 'first');
		doc = await fresh();
		inBetween(() => byTool(doc.id));
		await attempt('update, another one slips in', doc.id,
			() => docs.save(Object.assign(doc, { body: 'second' })), 'by a tool');
		if (!attached)
			return;
		doc = await fresh();
		inBetween(() => byTool(doc.id));
		await attempt('update, another one slips in, by expect()', doc.id,
			() => expecting(doc, manager => manager.save('Doc', Object.assign(doc, { body: 'second' }))),
			'by a tool');
	});
}

main();
