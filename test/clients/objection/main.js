'use strict';

const run = require('../lib/cases');
const { knex, Doc, save, expecting, refusal } = require('./model');

const client = {
	create: values => Doc.query().insert(values),
	read: id => Doc.query().findById(id),
	save,
	remove: (doc, trx) => doc.$query(trx).delete(),
	expecting,
	refusal,
	close: () => knex.destroy(),
};

run(client, async ({ attempt, fresh, stale }) => {
	let doc = await stale();
	await attempt('stale update by patchAndFetchById()', doc.id,
		() => Doc.query().patchAndFetchById(doc.id, { ...doc, body: 'second' }), 'first');
	doc = await fresh();
	await doc.$query().update({ ...doc, body: 'mine' });
	await attempt('second fresh update, without reading back', doc.id,
		() => doc.$query().update({ ...doc, body: 'again' }));
	doc = await stale();
	await attempt('partial update by patch()', doc.id, () => doc.$query().patch({ title: 'second' }), 'first');
	doc = await stale();
	await attempt('blind update by patch()', doc.id, () => doc.$query().patch({ body: 'second' }), 'first');
	doc = await stale();
	await attempt('stale patch() with the version', doc.id,
		() => doc.$query().patch({ body: 'second', version: doc.version }), 'first');

	const checked = ({ id, body, version }) =>
		knex('doc').where({ id, version }).update({ body }).increment('version');
	doc = await fresh();
	await attempt('fresh increment(), old version in where()', doc.id, () => checked({ ...doc, body: 'mine' }), 'mine');
	doc = await stale(checked);
	await attempt('stale increment(), old version in where()', doc.id, () => checked({ ...doc, body: 'second' }), 'first');
});
