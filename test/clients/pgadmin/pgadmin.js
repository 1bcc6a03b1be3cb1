// pgadmin.js: pgAdmin, as a person uses it, in a browser of their own.

'use strict';

const { chromium } = require('playwright-core');

const { PGADMIN, CHROMIUM, PGDATABASE } = process.env;

// What pgAdmin says is wrong.
class Refusal extends Error {}

function launch() {
	return chromium.launch({ executablePath: CHROMIUM, args: [
		'--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
		'--disable-background-networking', '--disable-component-update', '--disable-sync'] });
}

// A window with a grid: a table's "View/Edit Data", or the Query Tool.
function gridWindow(page, frame) {
	const button = label => frame.locator(`button[data-label="${label}"]`);
	const canSave = async () => await frame.locator('button[data-label="Save Data Changes"]:enabled').count() > 0;
	const rows = frame.locator('[role=row].rdg-row');

	async function cell(column) {
		const header = frame.locator('[role=columnheader]', { has: frame.locator(`[data-column-key="${column}"]`) });
		return rows.last().locator(`[role=gridcell][aria-colindex="${await header.getAttribute('aria-colindex')}"]`);
	}

	// Do something, and wait for what pops up; if that tells which, for the one with such a text.
	async function popUp(action) {
		const popUps = page.locator('.notistack-Snackbar');
		await popUps.evaluateAll(old => old.forEach(element => {
			element.dataset.old = true;
			element.querySelector('button')?.click();
		}));
		const hasText = await action();
		const latest = page.locator('.notistack-Snackbar:not([data-old])').filter({ hasText }).last();
		return (await latest.innerText()).replace(/\s+/g, ' ').trim();
	}

	// Do something, and wait for the server's answer to a request.
	async function answer(request, action) {
		const response = page.waitForResponse(async response => request.test(response.url()) &&
			!(response.ok() && (await response.json()).data.status === 'Busy'));
		await action();
		return response;
	}

	// Type into a cell of the last row.
	async function fill(column, text) {
		await (await cell(column)).dblclick();
		const editor = frame.locator('.Editors-textarea, .Editors-input');
		await editor.fill(text);
		const ok = frame.locator('button:visible', { hasText: /^OK$/ });
		await (await ok.count() ? ok.click() : editor.press('Enter'));
		await editor.waitFor({ state: 'detached' });
	}

	async function save() {
		let refused;
		const said = await popUp(async () => {
			const response = await answer(/\/sqleditor\/save\//, () => button('Save Data Changes').click());
			const { status, result } = (await response.json()).data;
			refused = !status;
			return refused ? result.split('\n')[0] : undefined;
		});
		if (refused)
			throw new Refusal(said);
	}

	// Run what the window shows, and give up what is not saved.
	async function execute() {
		const unsaved = await canSave();
		const response = await answer(/\/sqleditor\/poll\//, async () => {
			await button('Execute script').click();
			if (unsaved)
				await frame.locator('[role=dialog] button', { hasText: 'Yes' }).click();
		});
		if (response.ok())
			return;
		const messages = frame.locator('#id-messages textarea:visible', { hasText: 'ERROR: ' });
		throw new Refusal((await messages.inputValue()).replace(/\s+/g, ' ').trim());
	}

	const reload = () => popUp(execute);

	return {
		fill,
		save,
		reload,
		// Type statements into the Query Tool, and run them.
		async run(sql) {
			await frame.locator('.cm-content').first().fill(sql);
			await reload();
		},
		text: async column => (await cell(column)).innerText(),
		canSave,
		messages: () => frame.locator('#id-messages textarea').inputValue(),
		addRow: () => button('Add row').click(),
		async deleteRow() {
			await rows.last().locator('[role=gridcell]').first().click();
			await button('Delete').click();
			await save();
		},
		async openQueryTool() {
			const frames = await page.locator('iframe').count();
			await button('New query tool for current connection').click();
			const tool = page.frameLocator('iframe').nth(frames);
			await tool.locator('button[data-label="Execute script"]:enabled').waitFor();
			return gridWindow(page, tool);
		},
		async takePicture(path) {
			const size = page.viewportSize();
			await page.setViewportSize({ width: 1060, height: 640 });
			await page.mouse.move(700, 300);		// away from what has a tip
			await frame.locator('.MuiTooltip-popper').waitFor({ state: 'detached' });
			await page.screenshot({ path });
			await page.setViewportSize(size);
		},
	};
}

// Open a path in the tree.  While that is drawn anew, it may lose a double click, or take it
// for two: so go on from the deepest entry that is there, until the last one is.
async function open(entries) {
	for (let tries = 20; ; tries--) {
		let deepest = entries.length - 1;
		while (deepest > 0 && !await entries[deepest].isVisible())
			deepest--;
		if (deepest === entries.length - 1)
			return;
		try {
			await entries[deepest].dblclick({ timeout: 10000 });
			await entries[deepest + 1].waitFor({ timeout: 10000 });
		} catch (error) {
			if (tries === 0)
				throw error;
		}
	}
}

// Somebody who has found the table in the tree, and has opened it.
async function person(browser) {
	const context = await browser.newContext({ locale: 'en', viewport: { width: 1060, height: 900 }, reducedMotion: 'reduce' });
	const page = await context.newPage();
	const entry = label => page.locator('.file-entry', { has: page.locator('.file-name').getByText(label, { exact: true }) });

	await context.route(({ hostname }) => hostname !== '127.0.0.1', route => route.abort());
	await page.goto(PGADMIN);
	await entry('Servers').dblclick();
	await entry('here').dblclick();
	await page.locator('[role=dialog]').locator('[type=password]').fill('any');
	await page.locator('[role=dialog] button', { hasText: 'OK' }).click();
	await open(['Databases', PGDATABASE, 'Schemas', 'public', 'Tables', 'doc'].map(entry));
	await entry('doc').click({ button: 'right' });
	await page.getByRole('menuitem', { name: 'View/Edit Data' }).hover();
	await page.getByRole('menuitem', { name: 'All Rows' }).click();
	const frame = page.frameLocator('iframe');
	await frame.locator('[role=grid]').waitFor();
	return gridWindow(page, frame);
}

module.exports = { launch, person, Refusal };
