// What becomes of what two people do on a page that tells who edits.

'use strict';

const assert = require('node:assert');
const { chromium } = require('playwright-core');
const { Client } = require('pg');
const server = require('./app.js');

const { CASES_MODE, CASES_OUT, CHROMIUM } = process.env;
const attached = CASES_MODE === 'attached';
const tool = new Client();

// How a case ends is said by whoever made it: accepted, refused by us, lost.
const report = (name, outcome, detail = '') => console.log([name, outcome, detail].join('\t'));
const body = async () => (await tool.query('SELECT body FROM article WHERE id = 1')).rows[0].body;

async function main() {
	await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
	const address = `http://127.0.0.1:${server.address().port}/articles/1`;
	const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
	const person = async () => (await browser.newContext({ viewport: { width: 640, height: 240 }, timezoneId: 'UTC' })).newPage();
	const ann = await person();
	const bob = await person();

	await tool.connect();
	if (!attached) {
		// without an attached table nobody can say that they edit
		const response = await ann.goto(`${address}?as=ann`);
		report('begin', 'refused by us', response.status() === 500 && /no attached column/.test(await ann.content()) ? '42703' : await ann.content());
		return browser.close();
	}

	// Ann opens the page, and Bob is told.
	await ann.goto(`${address}?as=ann`);
	const told = await bob.goto(`${address}?as=bob`);
	assert.match(await bob.textContent('.busy'), /^ann has been editing this since\s+\d\d:\d\d\.$/);
	await bob.screenshot({ path: `${CASES_OUT}/edits.png` });
	report('a second person opens the page', 'refused by us', `HTTP ${told.status()}, and told who edits`);

	// Whoever does not ask is refused.
	await tool.query("UPDATE article SET body = 'by a tool' WHERE id = 1").then(
		() => report('a tool writes the row', 'lost'),
		error => report('a tool writes the row', 'refused by us', error.code));

	// Ann goes on with hers, saves, and goes on.
	await ann.evaluate(() => renew());
	assert.equal(await ann.isHidden('#lost'), true);
	await ann.fill('textarea', 'by Ann');
	await ann.click('button');
	await ann.waitForLoadState();
	report('save by who edits', await body() === 'by Ann' ? 'accepted' : 'lost');
	assert.equal((await bob.goto(`${address}?as=bob`)).status(), 423);

	// She closes the page: Bob may.
	await ann.goto('about:blank');
	await assert.doesNotReject(bob.waitForFunction(async () => {
		const response = await fetch(location.href);
		return response.status === 200;
	}));
	await bob.goto(`${address}?as=bob`);
	await bob.fill('textarea', 'by Bob');
	await bob.click('button');
	await bob.waitForLoadState();
	report('save after the first has closed the page', await body() === 'by Bob' ? 'accepted' : 'lost');
	await bob.goto('about:blank');

	// A closed laptop: the lease runs out, Bob saves, and the version refuses Ann.
	await tool.query('SELECT concurrency.break_edits($1)', ['article']);
	await ann.goto(`${address}?as=ann&lease=1%20ms`);
	await bob.goto(`${address}?as=bob`);
	await bob.fill('textarea', 'by Bob again');
	await bob.click('button');
	await bob.waitForLoadState();
	await tool.query('SELECT concurrency.break_edits($1)', ['article']);
	await ann.evaluate(() => renew());
	assert.equal(await ann.isVisible('#lost'), true);
	await ann.fill('textarea', 'by Ann, hours later');
	await ann.click('button');
	await ann.waitForSelector('.stale');
	report('save after the lease has run out, and somebody has saved', await body() === 'by Bob again' ? 'refused by us' : 'lost', 'HTTP 409');
	await browser.close();
}

main().catch(error => {
	console.error(error);
	process.exitCode = 1;
}).finally(() => process.exit());
