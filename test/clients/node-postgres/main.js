'use strict';

const assert = require('node:assert');
const { types } = require('pg');
const run = require('../lib/cases');
const { pool, read, save, remove, transaction, refusal, rebase } = require('./model');

const client = {
	create: ({ body }) => pool.query('INSERT INTO doc (body) VALUES ($1)', [body]),
	read,
	save,
	remove,
	refusal,
	close: () => pool.end(),
};

// Other ways to write; each gives the number of rows that it finds.
async function write(sql, ...values) {
	return (await pool.query(sql, values)).rowCount;
}

function checked({ id, body, version }) {
	return write('UPDATE doc SET body = $1, version = version + 1 WHERE id = $2 AND version = $3', body, id, version);
}

function counted({ id, body, version }) {
	return write('UPDATE doc SET body = $1, version = $2 WHERE id = $3', body, BigInt(version) + 1n, id);
}

run(client, async ({ attempt, fresh, stale, attached }) => {
	let doc = await fresh();

	await attempt('fresh increment, old version in WHERE', doc.id, () => checked({ ...doc, body: 'mine' }), 'mine');
	doc = await stale(checked);
	await attempt('stale increment, old version in WHERE', doc.id, () => checked({ ...doc, body: 'second' }), 'first');
	doc = await fresh();
	await attempt('fresh increment by a constant', doc.id, () => counted({ ...doc, body: 'mine' }), 'mine');
	doc = await stale(counted);
	await attempt('increment by a constant, one write late', doc.id,
		() => counted({ ...doc, body: 'second' }), 'first');
	doc = await stale(counted);
	await counted(await read(doc.id));
	await attempt('increment by a constant, two writes late', doc.id,
		() => counted({ ...doc, body: 'second' }), 'first');
	doc = await stale();
	await attempt('stale increment, without WHERE', doc.id,
		() => write("UPDATE doc SET body = 'second', version = version + 1 WHERE id = $1", doc.id), 'first');
	doc = await stale();
	await attempt('partial update', doc.id,
		() => write("UPDATE doc SET title = 'second' WHERE id = $1", doc.id), 'first');
	doc = await stale();
	await attempt('blind update', doc.id,
		() => write("UPDATE doc SET body = 'second' WHERE id = $1", doc.id), 'first');
	doc = await stale();
	await attempt('delete by key', doc.id, () => write('DELETE FROM doc WHERE id = $1', doc.id), 'first');

	// What to do about a refusal.
	doc = await stale();
	const way = rebase(doc, { ...doc, title: 'second' }, await read(doc.id));
	await attempt('stale update, laid over the row as it is now', doc.id, () => save(way.rebased), 'first');
	assert.deepEqual([(await read(doc.id)).title, way.both], ['second', []]);
	assert.deepEqual(rebase(doc, { ...doc, body: 'second' }, await read(doc.id)).both, ['body']);

	// A refusal takes with it what else the transaction has written.
	const other = await fresh();
	doc = await stale();
	const refused = await attempt('stale update in a transaction', doc.id, () => transaction(async db => {
		await save({ ...other, body: 'second' }, db);
		return save({ ...doc, body: 'second' }, db);
	}), 'first');
	assert.equal((await read(other.id)).body, refused ? 'draft' : 'second');

	if (!attached)
		return;
	doc = await stale();
	await attempt('delete by key, by expect()', doc.id, () => transaction(async db => {
		await db.query("SELECT concurrency.expect('doc', $1)", [doc.version]);
		return db.query('DELETE FROM doc WHERE id = $1', [doc.id]);
	}), 'first');
	doc = await stale();
	await attempt('blind update where these are rejected', doc.id, () => transaction(async db => {
		await db.query("SET LOCAL concurrency.blind_writes = 'reject'");
		return db.query("UPDATE doc SET body = 'second' WHERE id = $1", [doc.id]);
	}), 'first');

	// A second version, a timestamptz: a Date has no place for its microseconds.
	await pool.query("ALTER TABLE doc ADD saved_at timestamptz DEFAULT '2026-01-01 12:00:00.123456Z'");
	await pool.query("SELECT concurrency.attach('doc', 'saved_at')");
	const echoed = (body, { id, saved_at }) =>
		write('UPDATE doc SET body = $1, saved_at = $2 WHERE id = $3', body, saved_at, id);
	doc = await fresh();
	assert(doc.saved_at instanceof Date);
	await attempt('fresh update, timestamptz echoed as a Date', doc.id, () => echoed('mine', doc), 'draft');
	types.setTypeParser(types.builtins.TIMESTAMPTZ, text => text);
	doc = await fresh();
	await attempt('fresh update, timestamptz echoed as text', doc.id, () => echoed('mine', doc), 'mine');
	await attempt('stale update, timestamptz echoed as text', doc.id, () => echoed('second', doc), 'mine');
});
