// Two people with browsers at the application.

'use strict';

const playInBrowser = require('../lib/two-people');

const [, , url] = process.argv;

playInBrowser({
	form: id => `${url}/docs/${id}/edit`,
	shown: page => page.waitForEvent('load'),
	picture: process.env.CASES_MODE === 'attached' && `${process.env.CASES_OUT}/conflict.png`,
}, 'form, in browsers');
