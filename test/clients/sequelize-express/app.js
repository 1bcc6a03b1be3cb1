'use strict';

const express = require('express');
const { Doc, refusal } = require('../sequelize/model');
const { fromForm, merge } = require('../lib/express/form');

const app = express();

app.set('view engine', 'ejs');
app.set('views', `${__dirname}/../lib/express/views`);
app.use(express.urlencoded());

app.get('/docs/:id/edit', async (req, res) => {
	const doc = await Doc.findByPk(req.params.id);

	if (!doc)
		return res.status(404).render('missing');
	res.render('edit', { doc, fields: merge(doc, doc, doc) });
});

// Has it been saved?  Not if the server says that it is stale, or the row is gone.
async function save(id, values) {
	try {
		const [rows] = await Doc.update(values, { where: { id } });
		return rows > 0;
	} catch (error) {
		if (refusal(error)?.code !== 'PT409')
			throw error;
		return false;
	}
}

app.post('/docs/:id', async (req, res) => {
	const { id } = req.params;
	const { mine, base, version } = fromForm(req.body);

	if (await save(id, { ...mine, version: Number(version) }))	// the version of the form
		return res.redirect(303, `/docs/${id}/edit`);
	const theirs = await Doc.findByPk(id);
	if (!theirs)
		return res.status(410).render('gone', { mine });
	res.status(409).set('X-Refused-By', 'server').render('conflict', { doc: theirs, fields: merge(base, mine, theirs) });
});

// Wrong, and loses in silence: the instance has the version that it was read with just
// now, and update() does not take another one: the column is read-only in an instance.
app.post('/docs/:id/wrong', async (req, res) => {
	const { id } = req.params;
	const { mine, version } = fromForm(req.body);
	const doc = await Doc.findByPk(id);

	await doc.update({ ...mine, version: Number(version) });
	res.redirect(303, `/docs/${id}/edit`);
});

app.listen(process.env.PORT, '127.0.0.1');
