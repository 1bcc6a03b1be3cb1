'use strict';

const express = require('express');
const { database, docs, refusal } = require('./model');
const { fromForm, merge } = require('../lib/express/form');

const app = express();

app.set('view engine', 'ejs');
app.set('views', `${__dirname}/../lib/express/views`);
app.use(express.urlencoded());

app.get('/docs/:id/edit', async (req, res) => {
	const doc = await docs.findOneBy({ id: req.params.id });

	if (!doc)
		return res.status(404).render('missing');
	res.render('edit', { doc, fields: merge(doc, doc, doc) });
});

// Has it been saved?  Not if the server says that it is stale, or the row is gone.
async function save(id, values) {
	try {
		const { affected } = await docs.update(id, values);
		return affected > 0;
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
	const theirs = await docs.findOneBy({ id });
	if (!theirs)
		return res.status(410).render('gone', { mine });
	res.status(409).set('X-Refused-By', 'server').render('conflict', { doc: theirs, fields: merge(base, mine, theirs) });
});

// Wrong: the document has the version that it is read with just now, and TypeORM
// counts from that one.
app.post('/docs/:id/wrong', async (req, res) => {
	const { id } = req.params;
	const { mine } = fromForm(req.body);
	const doc = await docs.findOneByOrFail({ id });

	await docs.save(Object.assign(doc, mine));
	res.redirect(303, `/docs/${id}/edit`);
});

database.initialize().then(() => app.listen(process.env.PORT, '127.0.0.1'));
