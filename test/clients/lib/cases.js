// cases.js: the cases that the clients in JavaScript share, and what becomes of
// each write.
//
// A client hands over how it does things, and how it says that they are refused:
//   create(values), read(id), save(doc), remove(doc)
//                               read gives a copy of its own; 0 means that no row
//                               was found to write to
//   expecting(doc, write)       calls write(transaction), in which the documents must
//                               be at that one's version
//   refusal(error)              the server's refusal, as the driver has it, or nothing
//   stale(error)                is it the client's own exception for a stale document?

'use strict';

const assert = require('node:assert');
const { Client } = require.main.require('pg');	// the one that the client uses

// A connection of its own, as of a tool that knows nothing of versions.
const tool = new Client();
const attached = process.env.CASES_MODE === 'attached';

async function query(sql, ...values) {
	return (await tool.query(sql, values)).rows[0];
}

// The document, as anybody sees it; the last one, where no id says which.
function row(id) {
	return query('SELECT id, body, version FROM doc WHERE id = coalesce($1, (SELECT max(id) FROM doc))', id);
}

function byTool(id) {
	return query("UPDATE doc SET body = 'by a tool' WHERE id = $1", id);
}

// What a program tells errors by: their classes, if they have any, and their codes.
function names(...errors) {
	const classes = errors.map(({ constructor }) => constructor).filter(constructor => constructor !== Object);
	return [...new Set([...classes.map(({ name }) => name), ...errors.map(({ code }) => code)])].filter(Boolean).join(' ');
}

// How the server refuses, and all that a program or a person wants to know of it.
function describe(error, said) {
	assert.match(said.code, /^PT4(09|28)$/);
	assert.match(said.message, /(^| - )(stale|blind) write to table "doc": [^"]+$/);
	assert.match(said.detail, /^Key \(id\)=\(\d+\) is at version \d+/);
	assert.match(said.hint, /^Read the row/);
	return [names(error, said), said.schema, said.table, said.column, said.constraint].filter(Boolean).join(' ');
}

function casesOf(client) {
	// What a write that failed was refused by; anything unforeseen goes on failing.
	function refused(error) {
		const said = client.refusal(error);

		if (said)
			return ['refused by us', describe(error, said)];
		if (client.stale?.(error))
			return ['refused by the client', names(error)];
		throw error;
	}

	// Print what becomes of a write to a document: lost, if its body is not the one
	// that somebody else had saved.
	async function attempt(name, id, write, body) {
		const before = await row(id);
		const refusal = await write().then(
			rows => rows === 0 ? ['refused by the client', '0 rows'] : undefined, refused);
		const doc = await row(id);
		const lost = body !== undefined && doc?.body !== body;

		if (refusal)
			assert([before?.body, body].includes(doc?.body), `${name}: refused, and written all the same`);
		console.log([name, ...refusal ?? [lost ? 'lost' : 'accepted',
			doc ? `${doc.body}, version ${doc.version}` : 'no row']].join('\t'));
		return refusal;
	}

	// A copy of a new document.
	async function fresh() {
		await client.create({ body: 'draft' });
		return client.read((await row()).id);
	}

	// The same, after somebody else has saved it, in a way of theirs.
	async function stale(save = client.save) {
		const mine = await fresh();

		await save(Object.assign(await client.read(mine.id), { body: 'first' }));
		return mine;
	}

	async function common() {
		let doc;

		await attempt('create', undefined, () => client.create({ body: 'new' }));
		doc = await fresh();
		await attempt('read', doc.id, async () => {
			assert.equal(doc.body, 'draft');
			assert.equal(doc.version, (await row(doc.id)).version);
		});
		await attempt('fresh update', doc.id, () => client.save(Object.assign(doc, { body: 'mine' })), 'mine');
		await attempt('second fresh update', doc.id, () => client.save(Object.assign(doc, { body: 'again' })), 'again');
		doc = await stale();
		await attempt('stale update', doc.id, () => client.save(Object.assign(doc, { body: 'second' })), 'first');
		doc = await stale();
		await attempt('stale update of another column', doc.id,
			() => client.save(Object.assign(doc, { title: 'second' })), 'first');
		doc = await fresh();
		await byTool(doc.id);
		await attempt('stale update after a blind one', doc.id,
			() => client.save(Object.assign(doc, { body: 'second' })), 'by a tool');
		doc = await fresh();
		await attempt('fresh delete', doc.id, () => client.remove(doc));
		doc = await stale();
		await attempt('stale delete', doc.id, () => client.remove(doc), 'first');
		if (attached && client.expecting) {
			doc = await stale();
			await attempt('stale delete, by expect()', doc.id,
				() => client.expecting(doc, transaction => client.remove(doc, transaction)), 'first');
		}
	}

	return { attempt, fresh, stale, common };
}

// Run the cases that they share, and then the client's own.
module.exports = async function run(client, own) {
	const cases = casesOf(client);

	await tool.connect();
	await cases.common();
	await own({ ...cases, attached, byTool });
	await tool.end();
	await client.close();
};
