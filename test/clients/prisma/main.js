'use strict';

const run = require('../lib/cases');
const { prisma, save, saveChecked, expecting, isMissing, refusal } = require('./model');

const client = {
	create: data => prisma.doc.create({ data }),
	read: id => prisma.doc.findUnique({ where: { id } }),
	save,
	remove: ({ id }, db = prisma) => db.doc.delete({ where: { id } }),
	expecting,
	stale: isMissing,
	refusal,
	close: () => prisma.$disconnect(),
};

run(client, async ({ attempt, fresh, stale, attached }) => {
	const increment = { increment: 1 };
	let doc = await fresh();

	await attempt('fresh update, old version in where', doc.id, () => saveChecked({ ...doc, body: 'mine' }), 'mine');
	doc = await stale();
	await attempt('stale update, old version in where', doc.id, () => saveChecked({ ...doc, body: 'second' }), 'first');
	// As Prisma's documentation has it.
	const count = async ({ id, body, version }) => prisma.doc.update({
		where: { id, version }, data: { body, version: increment } });
	doc = await fresh();
	await attempt('fresh increment, old version in where', doc.id, () => count({ ...doc, body: 'mine' }), 'mine');
	doc = await stale(count);
	await attempt('stale increment, old version in where', doc.id, () => count({ ...doc, body: 'second' }), 'first');
	doc = await stale();
	await attempt('stale increment without that', doc.id, () => prisma.doc.update({
		where: { id: doc.id }, data: { body: 'second', version: increment } }), 'first');
	doc = await stale();
	await attempt('partial update', doc.id,
		() => prisma.doc.update({ where: { id: doc.id }, data: { title: 'second' } }), 'first');
	doc = await stale();
	await attempt('blind update', doc.id,
		() => prisma.doc.update({ where: { id: doc.id }, data: { body: 'second' } }), 'first');

	const many = async (where, data) => (await prisma.doc.updateMany({ where, data })).count;
	doc = await fresh();
	await attempt('fresh bulk update with the version', doc.id,
		() => many({ id: doc.id }, { body: 'mine', version: doc.version }), 'mine');
	doc = await stale();
	await attempt('stale bulk update with the version', doc.id,
		() => many({ id: doc.id }, { body: 'second', version: doc.version }), 'first');
	doc = await stale();
	await attempt('bulk update', doc.id, () => many({ id: doc.id }, { body: 'second' }), 'first');
	doc = await stale(count);
	await attempt('stale bulk increment, old version in where', doc.id,
		() => many({ id: doc.id, version: doc.version }, { body: 'second', version: increment }), 'first');

	const upsert = ({ id, ...data }) => prisma.doc.upsert({ where: { id }, update: data, create: { id, ...data } });
	doc = await stale();
	await attempt('stale upsert', doc.id, () => upsert({ id: doc.id, body: 'second' }), 'first');
	doc = await fresh();
	await attempt('fresh upsert with the version', doc.id, () => upsert({ ...doc, body: 'mine' }), 'mine');
	doc = await stale();
	await attempt('stale upsert with the version', doc.id, () => upsert({ ...doc, body: 'second' }), 'first');

	doc = await stale(count);
	await attempt('stale delete, old version in where', doc.id,
		() => prisma.doc.delete({ where: { id: doc.id, version: doc.version } }), 'first');
	if (attached) {
		doc = await stale();
		await attempt('stale delete, by expect() in an array', doc.id, () => prisma.$transaction([
			prisma.$executeRaw`SELECT concurrency.expect('doc', ${doc.version})`,
			prisma.doc.delete({ where: { id: doc.id } }),
		]), 'first');
		doc = await stale();
		await attempt('stale update, by expect()', doc.id, () => expecting(doc, tx => tx.doc.update({
			where: { id: doc.id }, data: { body: 'second' } })), 'first');
	}
});
