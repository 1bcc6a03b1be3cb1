// Two people with browsers at the application.

'use strict';

const app = require('./app');
const playInBrowser = require('../lib/two-people');
const { sequelize } = require('../sequelize/model');

const server = app.listen(0, '127.0.0.1', async () => {
	const { CASES_MODE, CASES_OUT } = process.env;
	const { port } = server.address();

	try {
		await playInBrowser({
			form: id => `http://127.0.0.1:${port}/docs/${id}/edit`,
			shown: page => page.waitForEvent('load'),
			picture: CASES_MODE === 'attached' && `${CASES_OUT}/conflict.png`,
		}, 'form, in browsers');
	} finally {
		server.close();
		server.closeAllConnections();
		await sequelize.close();
	}
});
