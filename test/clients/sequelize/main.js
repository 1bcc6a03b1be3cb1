'use strict';

const assert = require('node:assert');
const { DataTypes } = require('sequelize');
const run = require('../lib/cases');
const { sequelize, Doc, isStale, refusal } = require('./model');

const client = {
	create: values => Doc.create(values),
	read: id => Doc.findByPk(id),
	save: doc => doc.save(),
	remove: doc => doc.destroy(),
	stale: isStale,
	refusal,
	close: () => sequelize.close(),
};

run(client, async ({ attempt, fresh, stale, attached, byTool }) => {
	let doc = await stale();

	await attempt('partial update', doc.id,
		() => Object.assign(doc, { title: 'second' }).save({ fields: ['title'] }), 'first');
	doc = await stale();
	await attempt('bulk update', doc.id, () => Doc.update({ body: 'second' }, { where: { id: doc.id } }), 'first');
	doc = await fresh();
	await attempt('fresh bulk update with the version', doc.id,
		() => Doc.update({ body: 'mine', version: doc.version }, { where: { id: doc.id } }), 'mine');
	doc = await stale();
	await attempt('stale bulk update with the version', doc.id,
		() => Doc.update({ body: 'second', version: doc.version }, { where: { id: doc.id } }), 'first');
	doc = await stale();
	await attempt('stale upsert', doc.id, () => Doc.upsert({ id: doc.id, body: 'second' }), 'first');
	doc = await fresh();
	await attempt('fresh upsert with the version', doc.id,
		() => Doc.upsert({ id: doc.id, body: 'mine', version: doc.version }), 'mine');
	doc = await stale();
	await attempt('stale upsert with the version', doc.id,
		() => Doc.upsert({ id: doc.id, body: 'second', version: doc.version }), 'first');
	doc = await stale();
	await attempt('stale increment()', doc.id, () => doc.increment('hits'), 'first');
	doc = await fresh();
	await doc.increment('hits');
	await attempt('fresh update after increment()', doc.id,
		() => Object.assign(doc, { body: 'mine' }).save(), 'mine');
	doc = await stale();
	await attempt('stale delete by Doc.destroy() with the version', doc.id,
		() => Doc.destroy({ where: { id: doc.id, version: doc.version } }), 'first');

	// sync() of the model, and of one without the version.
	const Plain = sequelize.define('Plain', { title: DataTypes.TEXT, body: DataTypes.TEXT, hits: DataTypes.INTEGER },
		{ tableName: 'doc', timestamps: false });
	await Plain.sync({ alter: { drop: false } });
	await Doc.sync({ alter: true });
	doc = await stale();
	await attempt('stale update after sync({ alter: true })', doc.id,
		() => Object.assign(doc, { body: 'second' }).save(), 'first');
	doc = await fresh();
	await byTool(doc.id);
	await attempt('stale update after sync() and a blind one', doc.id,
		() => Object.assign(doc, { body: 'second' }).save(), 'by a tool');
	if (!attached)
		return;
	await Plain.sync({ alter: true });
	await assert.rejects(Plain.create({ body: 'new' }), { message: 'version column "version" of table "doc" does not exist' });
});
