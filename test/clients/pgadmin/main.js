// What becomes of what two people do in pgAdmin at once.

'use strict';

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { launch, person, Refusal } = require('./pgadmin.js');

const { CASES_MODE, CASES_OUT, PGDATABASE, WORK } = process.env;
const attached = CASES_MODE === 'attached';
const hours = 'Monday to Friday, 9 to 17';
const anns = 'Monday to Saturday, 9 to 17';
const bobs = 'Monday to Friday, 8 to 18';

// What any other client sends; the server's log leaves it out.
function query(sql) {
	return execFileSync('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose', '-c', sql], {
		encoding: 'utf8', stdio: 'pipe', env: { ...process.env, PGOPTIONS: '-c log_statement=none' } }).trim();
}

// The form of an application: it sends all that it has read.
function saveForm(body) {
	try {
		query(`UPDATE doc SET title = 'Opening hours', body = '${body}', version = 1 WHERE id = 1`);
	} catch ({ stderr }) {
		throw new Refusal(stderr.replace(/LOCATION: .*/s, '').replace(/\s+/g, ' ').trim());
	}
}

// A table with one row, always the same, as all of them have read it.
async function newRow(...people) {
	query(`TRUNCATE doc RESTART IDENTITY; INSERT INTO doc (title, body) VALUES ('Opening hours', '${hours}')`);
	for (const one of people)
		await one.reload();
}

// Statements that write, and that have been logged since this was last asked.
let seen = 0;
function written() {
	const log = readFileSync(`${WORK}/server.log`, 'utf8');
	const statements = [...log.slice(seen).matchAll(/LOG: {2}(?:statement|execute [^:]+): (.*(?:\n\t.*)*)/g)]
		.map(([, sql]) => sql.replace(/\s+/g, ' ').trim());
	seen = log.length;
	return statements.join(' ');
}

// What becomes of a write: lost, if the body is not the one in the end that somebody
// else had saved.
async function attempt(name, write, body) {
	const table = () => query('SELECT json_agg(doc) FROM doc');
	const before = table();
	let refusal;

	written();
	try {
		await write();
	} catch (error) {
		if (!(error instanceof Refusal && /\b(stale|blind) write to table "doc": /.test(error.message)))
			throw error;
		refusal = error.message;
	}
	assert.equal(table() === before, refusal !== undefined, `${name}: written what was refused, or not what was accepted`);
	const lost = body !== undefined && query('SELECT body FROM doc WHERE id = 1') !== body;
	console.log([name, refusal ? 'refused by us' : lost ? 'lost' : 'accepted', refusal ?? written()].join('\t'));
}

function options(list) {
	query(`SELECT concurrency.attach('doc', ${list})`);
}

async function fillBody(who, body) {
	await who.fill('body', body);
	await who.save();
}

// pgAdmin sends the version only if it was changed; so change it, and change it back.
async function fillVersion(who, version) {
	await who.fill('version', '99');
	await who.fill('version', version);
}

async function cells(ann, bob) {
	query('TRUNCATE doc RESTART IDENTITY');
	await ann.reload();
	await ann.addRow();
	await ann.fill('title', 'Opening hours');
	await ann.fill('body', hours);
	await attempt('create', () => ann.save());

	await newRow(ann);
	await attempt('fresh update', () => fillBody(ann, anns));
	await attempt('second fresh update', () => fillBody(ann, 'closed'));
	assert.equal(await ann.text('version'), '1');	// it is not read again

	await newRow(ann, bob);
	await fillBody(ann, anns);
	await attempt('partial update (one cell)', () => fillBody(bob, bobs), anns);

	await newRow(ann, bob);
	await fillBody(ann, anns);
	await bob.fill('title', 'When we are open');
	await attempt('stale update of another column', () => bob.save(), anns);

	await newRow(bob);
	await fillBody(bob, bobs);
	await attempt('stale update after one in pgAdmin, form elsewhere', () => saveForm(anns), bobs);
}

async function versions(ann, bob) {
	await newRow(ann, bob);
	await fillBody(ann, anns);
	await bob.fill('version', '1');
	await attempt('stale update, version typed as it is', () => fillBody(bob, bobs), anns);

	await newRow(ann, bob);
	await fillVersion(ann, '1');
	await attempt('fresh update, version changed and changed back', () => fillBody(ann, anns));
	await fillVersion(bob, '1');
	await attempt('stale update, version changed and changed back', () => fillBody(bob, bobs), anns);

	await newRow(ann, bob);
	await ann.fill('version', '2');
	await attempt('fresh update, next version typed', () => fillBody(ann, anns));
	await bob.fill('version', '2');
	await attempt('stale update, next version typed', () => fillBody(bob, bobs), anns);

	if (attached) {
		options("protocol => 'increment'");
		await newRow(bob);
		query(`UPDATE doc SET body = '${anns}'`);
		await bob.fill('version', '2');
		await attempt("stale update, next version typed, protocol => 'increment'", () => fillBody(bob, bobs), anns);
		options("protocol => 'auto'");
	}
}

async function rejected(bob) {
	options("blind => 'reject'");
	await newRow(bob);
	await attempt("blind update, blind => 'reject'", () => fillBody(bob, bobs));
	assert.equal(await bob.text('body'), bobs);
	assert(await bob.canSave());
	assert.match(await bob.messages(), /^blind write to .*\nKey .*\.$/);
	await bob.takePicture(`${CASES_OUT}/pgadmin.png`);
	await fillVersion(bob, '1');
	await attempt("the same, version changed and changed back, blind => 'reject'", () => bob.save());
	options("blind => 'allow'");
}

async function deletes(ann, bob) {
	await newRow(ann);
	await attempt('fresh delete', () => ann.deleteRow());

	await newRow(ann, bob);
	await fillBody(ann, anns);
	await attempt('stale delete', () => bob.deleteRow(), anns);

	if (attached) {
		options("guard_delete => true, blind => 'reject'");
		await newRow(bob);
		await attempt("delete, guard_delete and blind => 'reject'", () => bob.deleteRow());
		options("guard_delete => false, blind => 'allow'");
	}
}

async function queryTool(tool) {
	const update = `UPDATE doc SET body = '${bobs}', version = 1 WHERE id = 1`;
	await newRow();
	await attempt('Query Tool: fresh update', () => tool.run(update));
	await newRow();
	query(`UPDATE doc SET body = '${anns}'`);
	await attempt('Query Tool: stale update', () => tool.run(update), anns);

	if (attached) {
		const read = "BEGIN; SELECT concurrency.expect('doc', version) FROM doc WHERE id = 1; SELECT * FROM doc WHERE id = 1;";
		options("guard_delete => true, blind => 'reject'");
		await newRow();
		await tool.run(read);
		await attempt('Query Tool: fresh update of a cell, by expect()', () => fillBody(tool, bobs));
		await newRow();
		await tool.run(read);
		query(`UPDATE doc SET body = '${anns}', version = 1`);
		await attempt('Query Tool: stale update of a cell, by expect()', () => fillBody(tool, bobs), anns);
		await tool.run('ROLLBACK');
		await newRow();
		await tool.run(read);
		query(`UPDATE doc SET body = '${anns}', version = 1`);
		await attempt('Query Tool: stale delete, by expect()', () => tool.deleteRow(), anns);
	}
}

async function main() {
	query(`ALTER DATABASE "${PGDATABASE}" SET log_statement = 'mod'`);
	const browser = await launch();

	try {
		const [ann, bob] = await Promise.all([person(browser), person(browser)]);
		await cells(ann, bob);
		await versions(ann, bob);
		if (attached)
			await rejected(bob);
		await deletes(ann, bob);
		await queryTool(await ann.openQueryTool());
	} finally {
		await browser.close();
	}
}

main().catch(error => {
	console.error(error);
	process.exitCode = 1;
});
