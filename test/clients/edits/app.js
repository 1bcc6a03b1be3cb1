// An edit page that tells who is there already: http://127.0.0.1:PORT/articles/1?as=ann

'use strict';

const http = require('node:http');
const { Pool } = require('pg');

const pool = new Pool();
const page = body => `<!DOCTYPE html><meta charset="utf-8"><title>Article</title>${body}`;
const text = value => String(value).replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`);

// One transaction in which the pooled connection speaks for somebody, and for nobody else afterwards.
async function speakFor(editor, work) {
	const client = await pool.connect();

	try {
		await client.query('BEGIN');
		await client.query("SELECT set_config('concurrency.editor', $1, true)", [editor]);
		const result = await work((sql, ...values) => client.query(sql, values).then(({ rows }) => rows[0]));
		await client.query('COMMIT');
		return result;
	} catch (error) {
		await client.query('ROLLBACK');
		throw error;
	} finally {
		client.release();
	}
}

// Begin to edit, or go on; null terms are as they were.
const begin = (editor, id, exclusive, lease) => speakFor(editor, query =>
	query('SELECT * FROM concurrency.begin_edit($1, to_jsonb($2::bigint), $3, $4)', 'article', id, exclusive, lease));

async function edit(editor, id, lease) {
	const edit = await begin(editor, id, true, lease);
	const { rows: [article] } = await pool.query('SELECT * FROM article WHERE id = $1', [id]);

	if (!edit.granted)
		return [423, `<p class="busy">${text(edit.editor)} has been editing this since
			${edit.since.toTimeString().slice(0, 5)}.</p><h1>${text(article.title)}</h1><p>${text(article.body)}</p>`];
	return [200, `<form method="post"><input name="title" value="${text(article.title)}">
		<textarea name="body">${text(article.body)}</textarea>
		<input type="hidden" name="version" value="${article.version}"><button>Save</button></form>
		<p id="lost" hidden>Your edit had ended: read the article again before you save.</p>
		<script>
		async function renew() {
			const { renewed } = await (await fetch('/articles/${id}/renew' + location.search, { method: 'POST' })).json();
			document.getElementById('lost').hidden = renewed;
		}
		setInterval(renew, 5 * 60 * 1000);
		let leaves = true;	// and does not come back, as by "Save"
		document.forms[0].addEventListener('submit', () => { leaves = false; });
		addEventListener('pagehide', () => leaves && navigator.sendBeacon('/articles/${id}/end' + location.search));
		</script>`];
}

async function save(editor, id, { title, body, version }) {
	try {
		await speakFor(editor, query =>
			query('UPDATE article SET title = $1, body = $2, version = $3 WHERE id = $4', title, body, version, id));
		return [303, ''];
	} catch (error) {
		if (error.code === 'PT423')
			return [423, `<p class="busy">${text(error.message)}: ${text(error.detail)}</p><pre>${text(body)}</pre>`];
		if (error.code === 'PT409')
			return [409, `<p class="stale">Somebody has saved this since you opened it. What you wrote:</p><pre>${text(body)}</pre>`];
		throw error;
	}
}

async function answer(request, form) {
	const url = new URL(request.url, 'http://127.0.0.1');
	const [, , id, action] = url.pathname.split('/');
	const editor = url.searchParams.get('as');

	if (action === 'renew')
		return [200, JSON.stringify({ renewed: (await begin(editor, id)).renewed })];
	if (action === 'end')
		return [200, JSON.stringify(await speakFor(editor, query =>
			query('SELECT concurrency.end_edit($1, to_jsonb($2::bigint)) AS ended', 'article', id)))];
	if (request.method === 'POST')
		return save(editor, id, Object.fromEntries(new URLSearchParams(form)));
	return edit(editor, id, url.searchParams.get('lease'));
}

module.exports = http.createServer(async (request, response) => {
	let form = '';

	for await (const chunk of request)
		form += chunk;
	const [status, body] = await answer(request, form).catch(error => [500, text(error.message)]);
	response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', Location: request.url })
		.end(body.startsWith('{') ? body : page(body));
});
