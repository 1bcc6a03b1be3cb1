// adminer.js: Adminer, as a person uses it, in a browser of their own.

'use strict';

const { launch, newPage } = require('../lib/browser');

const { ADMINER, TCP_HOST, PGPORT, PGUSER, PGDATABASE } = process.env;
const database = new URLSearchParams({
	pgsql: `${TCP_HOST}:${PGPORT}`, username: PGUSER, db: PGDATABASE, ns: 'public' });
const key = encodeURIComponent('where[id]') + '=1';

// What the page says is wrong.
class Refusal extends Error {}

// Somebody who has logged in.
async function person(browser) {
	const page = await newPage(browser);

	page.on('dialog', dialog => dialog.accept());
	await page.goto(`${ADMINER}?${database}`);
	await page.fill('[name="auth[password]"]', 'any');
	await page.click('[value="Login"]');
	await page.waitForSelector('#logins, #tables');

	const open = what => page.goto(`${ADMINER}?${database}&${what}`);

	// Press a button, and wait for what the page has to say.
	async function press(button) {
		await page.click(`#content [type=submit][value="${button}"]`);
		const answer = page.locator('.error:visible, .message:visible:not(:text("Saving"))').first();
		await answer.waitFor();
		const text = (await answer.innerText()).replace(/\s+/g, ' ').replace(/ [0-9:]+ SQL command$/, '');
		if (await answer.evaluate(element => element.classList.contains('error')))
			throw new Refusal(text);
	}

	// The page, as far as its form reaches.
	async function takePicture(path) {
		const { y, height } = await page.locator('#form').boundingBox();
		await page.screenshot({ path, clip: { ...page.viewportSize(), x: 0, y: 0, height: y + height + 12 } });
	}

	return {
		press,
		takePicture,
		openForm: () => open(`edit=doc&${key}`),
		openNewForm: () => open('edit=doc'),
		openList: () => open('select=doc'),
		openModify: () => open('select=doc&modify=1'),
		fill: (column, text) => page.fill(`[name="fields[${column}]"]`, text),
		fillCell: (column, text) => page.fill(`[name="val[&${key}][${column}]"]`, text),
		openCell: column => page.click(`[id="val[&${key}][${column}]"]`, { modifiers: ['Control'] }),
		tick: () => page.check(`[name="check[]"][value="${key}"]`),
	};
}

module.exports = { launch, person, Refusal };
