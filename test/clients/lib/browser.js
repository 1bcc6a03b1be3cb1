// browser.js: Chromium, as the clients drive it that are used by people.

'use strict';

const { chromium } = require.main.require('playwright-core');	// the one that the client pins

function launch() {
	return chromium.launch({ executablePath: process.env.CHROMIUM, args: [
		'--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
		'--disable-background-networking', '--disable-component-update', '--disable-sync'] });
}

// The page of somebody who shares nothing with others, and reaches this machine only.
async function newPage(browser) {
	const context = await browser.newContext({ locale: 'en', viewport: { width: 960, height: 500 } });

	await context.route(({ hostname }) => hostname !== '127.0.0.1', route => route.abort());
	return context.newPage();
}

module.exports = { launch, newPage };
