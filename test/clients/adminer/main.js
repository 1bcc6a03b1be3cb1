// What becomes of what two people do in Adminer at once.

'use strict';

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const { launch, person, Refusal } = require('./adminer.js');

const { CASES_MODE, CASES_OUT } = process.env;
const hours = 'Monday to Friday, 9 to 17';

function query(sql) {
	return execFileSync('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', sql], { encoding: 'utf8' }).trim();
}

// A table with one row, always the same.
function newRow() {
	query(`TRUNCATE doc RESTART IDENTITY; INSERT INTO doc (title, body) VALUES ('Opening hours', '${hours}')`);
}

// What becomes of a save: lost, if the body is not the one in the end that somebody
// else had saved.
async function attempt(name, save, body) {
	const table = () => query('SELECT json_agg(doc) FROM doc');
	const before = table();
	let refusal;

	await save().catch(error => {
		if (!(error instanceof Refusal && /^ERROR: stale write to table "doc": /.test(error.message)))
			throw error;
		refusal = error.message;
	});
	assert.equal(table() === before, refusal !== undefined, `${name}: written what was refused, or not what was accepted`);
	const lost = body !== undefined && query('SELECT body FROM doc WHERE id = 1') !== body;
	console.log([name, refusal ? 'refused by us' : lost ? 'lost' : 'accepted', refusal ?? ''].join('\t'));
}

async function editForm(ann, bob) {
	await ann.openNewForm();
	await ann.fill('title', 'Closed days');
	await attempt('create', () => ann.press('Save'));

	newRow();
	await ann.openForm();
	await ann.fill('body', 'Monday to Saturday, 9 to 17');
	await attempt('fresh update, edit form', () => ann.press('Save'));

	newRow();
	await ann.openForm();
	await ann.fill('body', 'Monday to Saturday, 9 to 17');
	await attempt('fresh update, "Save and continue edit"', () => ann.press('Save and continue edit'));
	await ann.fill('body', 'Monday to Saturday, 9 to 16');
	await attempt('second fresh update, "Save and continue edit"', () => ann.press('Save and continue edit'));

	newRow();
	await ann.openForm();
	await bob.openForm();
	await ann.fill('body', 'Monday to Saturday, 9 to 17');
	await ann.press('Save');
	await bob.fill('body', 'Monday to Friday, 8 to 18');
	await attempt('stale update, edit form', () => bob.press('Save'), 'Monday to Saturday, 9 to 17');
	if (CASES_MODE === 'attached')
		await bob.takePicture(`${CASES_OUT}/adminer.png`);

	newRow();
	await bob.openForm();
	query("UPDATE doc SET body = 'by a tool' WHERE id = 1");
	await bob.fill('body', 'Monday to Friday, 8 to 18');
	await attempt('stale update after a blind one, edit form', () => bob.press('Save'), 'by a tool');
}

async function list(ann, bob) {
	newRow();
	await ann.openModify();
	await ann.fillCell('body', 'Monday to Saturday, 9 to 17');
	await attempt('fresh update, "Modify"', () => ann.press('Save'));

	newRow();
	await ann.openModify();
	await bob.openModify();
	await ann.fillCell('body', 'Monday to Saturday, 9 to 17');
	await ann.press('Save');
	await bob.fillCell('title', 'When we are open');
	await attempt('stale update of another column, "Modify"', () => bob.press('Save'), 'Monday to Saturday, 9 to 17');

	newRow();
	await ann.openList();
	await bob.openList();
	await ann.openCell('body');
	await ann.fillCell('body', 'Monday to Saturday, 9 to 17');
	await ann.press('Save');
	await bob.openCell('body');
	await bob.fillCell('body', 'Monday to Friday, 8 to 18');
	await attempt('partial update (one cell)', () => bob.press('Save'), 'Monday to Saturday, 9 to 17');

	newRow();
	await ann.openForm();
	await bob.openList();
	await bob.openCell('body');
	await bob.fillCell('body', 'Monday to Friday, 8 to 18');
	await bob.press('Save');
	await ann.fill('title', 'When we are open');
	await attempt('stale update after a partial one, edit form', () => ann.press('Save'), 'Monday to Friday, 8 to 18');

	newRow();
	await ann.openList();
	await ann.tick();
	await attempt('fresh delete', () => ann.press('Delete'));

	newRow();
	await ann.openForm();
	await bob.openList();
	await ann.fill('body', 'Monday to Saturday, 9 to 17');
	await ann.press('Save');
	await bob.tick();
	await attempt('stale delete', () => bob.press('Delete'), 'Monday to Saturday, 9 to 17');
}

async function main() {
	const browser = await launch();

	try {
		const ann = await person(browser);
		const bob = await person(browser);
		await editForm(ann, bob);
		await list(ann, bob);
	} finally {
		await browser.close();
	}
}

main().catch(error => {
	console.error(error);
	process.exitCode = 1;
});
