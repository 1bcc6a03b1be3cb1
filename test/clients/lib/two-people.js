// two-people.js: what forms.pl does by HTTP, by two people in browsers of their own,
// who open a form, type, save, and read what the page says.  What they write has line
// breaks, which browsers change when they send a form.

'use strict';

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const { launch, newPage } = require('./browser');

const base = { title: 'Opening hours', body: 'Monday to Friday,\n9 to 17' };
const anns = { title: 'When we are open', body: 'Monday to Saturday,\n9 to 17' };
const bobs = { title: 'Business hours', body: 'Monday to Friday,\n8 to 18' };
const refusedBy = { server: 'refused by us', client: 'refused by the client' };

function query(sql) {
	return execFileSync('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', sql], { encoding: 'utf8' }).trim();
}

function literal(text) {
	return `'${text.replaceAll("'", "''")}'`;
}

// Somebody at the form of an application, as play() has it.
async function personAt(application, browser) {
	const page = await newPage(browser);
	const field = name => page.locator(`form [name=${name}]`);
	const method = application.method ?? 'POST';

	page.on('pageerror', error => { throw error; });
	return {
		page,

		async open(id, wrong) {
			await page.goto(application.form(id, wrong));
			await page.waitForSelector('form [name=title]:enabled');
		},

		async fill(values) {
			for (const [name, text] of Object.entries(values))
				await field(name).fill(text);
		},

		// Save, and wait for what the page shows then.
		async save() {
			const answer = page.waitForResponse(response => response.request().method() === method);
			const shown = application.shown(page);
			await page.click('form button');
			const headers = await (await answer).allHeaders();
			await shown;
			return { status: (await answer).status(), by: refusedBy[headers['x-refused-by'] ?? 'server'] };
		},

		async form() {
			return { title: await field('title').inputValue(), body: await field('body').inputValue() };
		},

		// The page, as far as its form reaches.
		async takePicture(path) {
			const { y, height } = await page.locator('form').boundingBox();
			const clip = { x: 0, y: 0, width: page.viewportSize().width, height: y + height + 12 };
			await page.screenshot({ path, fullPage: true, clip });
		},

		// What the fields hold that a person can see.
		visible: () => page.locator('input:not([type=hidden]), textarea')
			.evaluateAll(fields => fields.map(({ value }) => value)),

		// What the page says of each field.
		differences: () => page.locator('tr[data-field]').evaluateAll(rows => Object.fromEntries(rows.map(row => {
			const [mine, theirs, base] = ['mine', 'theirs', 'base'].map(name => row.querySelector(`.${name}`).textContent);
			return [row.dataset.field, { mine, theirs, base, conflict: 'conflict' in row.dataset }];
		}))),
	};
}

// Have two people play the cases, whose names begin so.
async function play(application, prefix, browser) {
	const table = application.table ?? 'doc';
	const ann = await personAt(application, browser);
	const bob = await personAt(application, browser);

	const newRow = () => query(`INSERT INTO ${table} (title, body)
		VALUES (${literal(base.title)}, ${literal(base.body)}) RETURNING id`);
	const row = id => JSON.parse(query(
		`SELECT json_build_object('title', title, 'body', body) FROM ${table} WHERE id = ${id}`) || 'null');
	const print = (name, ...outcome) => console.log([`${prefix}: ${name}`, ...outcome].join('\t'));

	async function mustSave(person, id, values) {
		const should = { ...await person.form(), ...values };

		await person.fill(values);
		assert((await person.save()).status < 400, 'a fresh form is refused');
		assert.deepEqual(row(id), should);
	}

	// Bob saves a form that is older than what is there: the answer, unless it is lost.
	async function saveStale(name, id, values) {
		const before = row(id);

		await bob.fill(values);
		const answer = await bob.save();
		if (answer.status < 400) {
			print(name, Object.keys(before).some(column => row(id)[column] !== before[column]) ? 'lost' : 'accepted');
			return undefined;
		}
		assert.equal(answer.status, 409);
		assert.deepEqual(row(id), before, 'refused, and written');
		return answer;
	}

	// A new row, which Ann saves while Bob has it open; then Bob saves it.
	async function stale(name, changes, wrong) {
		const id = newRow();

		await ann.open(id);
		await bob.open(id, wrong);
		await mustSave(ann, id, { title: anns.title });
		return { id, answer: await saveStale(name, id, changes) };
	}

	async function fresh() {
		const id = newRow();

		await ann.open(id);
		await mustSave(ann, id, anns);
		await mustSave(ann, id, { body: base.body });
		print('fresh', 'accepted');
	}

	async function staleOnce() {
		const { answer } = await stale('stale', bobs);

		if (!answer)
			return;
		assert.deepEqual(await bob.differences(), {
			title: { mine: bobs.title, theirs: anns.title, base: base.title, conflict: true },
			body: { mine: bobs.body, theirs: base.body, base: base.body, conflict: false },
		});
		assert.deepEqual(await bob.form(), bobs);
		print('stale', answer.by, '409');
		if (application.picture)
			await bob.takePicture(application.picture);
	}

	async function staleAfterATool() {
		const id = newRow();

		await bob.open(id);
		query(`UPDATE ${table} SET title = 'by a tool' WHERE id = ${id}`);
		const answer = await saveStale('stale after a tool', id, { title: bobs.title });
		if (!answer)
			return;
		assert.deepEqual((await bob.differences()).title,
			{ mine: bobs.title, theirs: 'by a tool', base: base.title, conflict: true });
		print('stale after a tool', answer.by, '409');
	}

	async function staleOnAnotherField() {
		const name = 'stale on another field';
		const { id, answer } = await stale(name, { body: bobs.body });

		if (!answer)
			return;
		assert.deepEqual(await bob.differences(), {
			title: { mine: base.title, theirs: anns.title, base: base.title, conflict: false },
			body: { mine: bobs.body, theirs: base.body, base: base.body, conflict: false },
		});
		await mustSave(bob, id, {});
		assert.deepEqual(row(id), { title: anns.title, body: bobs.body });
		print(name, 'accepted', `409, ${answer.by}, then saved`);
	}

	async function staleDecided() {
		const name = 'stale, decided, saved again';
		const { id, answer } = await stale(name, { title: bobs.title });

		if (!answer)
			return;
		await mustSave(bob, id, { title: `${anns.title}, ${bobs.title}` });
		print(name, 'accepted', `409, ${answer.by}, then saved`);
	}

	async function staleTwice() {
		const name = 'stale twice';
		const { id, answer } = await stale(name, { title: bobs.title });

		if (!answer)
			return;
		await ann.open(id);
		await mustSave(ann, id, { title: 'Open' });
		const again = await saveStale(name, id, {});
		assert.deepEqual((await bob.differences()).title,
			{ mine: bobs.title, theirs: 'Open', base: anns.title, conflict: true });
		print(name, again.by, '409, 409');
	}

	async function gone() {
		const id = newRow();

		await bob.open(id);
		query(`DELETE FROM ${table} WHERE id = ${id}`);
		await bob.fill(bobs);
		await bob.save();
		assert.equal(row(id), null);
		assert.deepEqual(await bob.visible(), [bobs.title, bobs.body]);
		assert.match(await bob.page.textContent('h1'), /deleted/);
		print('gone', refusedBy.client);
	}

	await fresh();
	await staleOnce();
	await staleAfterATool();
	await staleOnAnotherField();
	await staleDecided();
	await staleTwice();
	await gone();
	if (application.canBeWrong) {
		const { answer } = await stale('wrong handler', { title: bobs.title }, 'wrong');
		assert(!answer, 'the wrong handler is right');
	}
}

module.exports = async function playInBrowser(application, prefix) {
	const browser = await launch();

	try {
		await play(application, prefix, browser);
	} finally {
		await browser.close();
	}
};
