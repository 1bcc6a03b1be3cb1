// Two people with browsers at the page.

'use strict';

const playInBrowser = require('../lib/two-people');

const [, , url, table] = process.argv;

playInBrowser({
	table,
	method: 'PATCH',
	form: (id, wrong) => `${url}/edit.html?id=${id}${wrong ? '&wrong' : ''}`,
	canBeWrong: true,
	shown: async page => {
		await page.waitForResponse(response => response.request().method() === 'PATCH');
		await page.waitForSelector('button:enabled');
	},
	picture: process.env.CASES_MODE === 'attached' && `${process.env.CASES_OUT}/postgrest-page.png`,
}, 'form');
