const names = ['title', 'body'];
const parameters = new URLSearchParams(location.search);
const url = `/doc?id=eq.${encodeURIComponent(parameters.get('id'))}`;
const [form] = document.forms;
const [fieldset] = form.elements;
let base;			// the document as it was read, with its version

// What PostgREST answers; nothing, if the write is stale.
async function ask(options) {
	const answer = await fetch(url, options);
	const content = await answer.json();

	if (answer.status === 409)
		return [];
	if (!answer.ok)
		throw new Error([content.message, content.details, content.hint].filter(Boolean).join(' '));
	return content;
}

// The document; nothing, if it is gone.
async function read() {
	return (await ask())[0];
}

// The document as it is when it is saved; nothing, if somebody else was faster, or it is gone.
async function save(values, version) {
	return (await ask({
		method: 'PATCH',
		headers: { 'Content-Type': 'application/json', 'If-Match': `"${version}"`, Prefer: 'return=representation' },
		body: JSON.stringify(values),
	}))[0];
}

// Field by field: what was read, what was written, and what is there now.  The form is to
// hold what was changed here, and else what is there now; what both have changed to
// different values is a conflict.
function merge(base, mine, theirs) {
	return names.map(name => {
		const [was, written, now] = [base[name], mine[name], theirs[name]];
		return {
			name, base: was, mine: written, theirs: now,
			value: written === was ? now : written,
			conflict: written !== was && now !== was && written !== now,
		};
	});
}

function say(title, message) {
	document.querySelector('h1').textContent = title;
	document.querySelector('#message').textContent = message;
}

// Have the form hold this, and be based on the document as it is now.
function fill(doc, fields) {
	base = doc;
	for (const { name, value } of fields)
		form.elements[name].value = value;
}

function showDifferences(fields) {
	const [body] = document.querySelector('table').tBodies;

	document.querySelector('table').hidden = fields.length === 0;
	body.replaceChildren();
	for (const { name, mine, theirs, base, conflict } of fields) {
		const row = body.insertRow();
		row.dataset.field = name;
		row.toggleAttribute('data-conflict', conflict);
		for (const [kind, text] of Object.entries({ name, mine, theirs, base })) {
			const cell = row.insertCell();
			cell.className = kind;
			cell.textContent = text;
		}
	}
}

async function submit() {
	const mine = Object.fromEntries(names.map(name => [name, form.elements[name].value]));
	// Wrong, and only here to show it: to read the version again now, as if that had been read.
	const { version } = parameters.has('wrong') ? await read() : base;
	const saved = await save(mine, version);
	const doc = saved ?? await read();

	if (!doc)
		return say('Somebody else has deleted this document', 'What you have written is still there.');
	const fields = merge(saved ?? base, mine, doc);
	fill(doc, fields);
	showDifferences(saved ? [] : fields);
	if (saved)
		return say('Saved', '');
	say('Somebody else has saved meanwhile', `Yours is not saved yet, and nothing is lost.
		What only one of you has changed is put together below. What both of you have changed is marked,
		and as you have written it: decide what it is to be, and save.`);
}

// Nobody types while PostgREST is asked.  Whatever goes wrong is said, and the form stays as it is.
async function busy(work) {
	fieldset.disabled = true;
	await work().catch(error => say('That did not work', error.message));
	fieldset.disabled = false;
}

form.addEventListener('submit', event => {
	event.preventDefault();
	busy(submit);
});
busy(async () => {
	const doc = await read();

	if (!doc)
		return say('There is no such document', '');
	fill(doc, merge(doc, doc, doc));
});
