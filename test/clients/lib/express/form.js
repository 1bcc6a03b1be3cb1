'use strict';

const names = ['title', 'body'];

// What a form sends back: what somebody has written, and what was read when the form
// was shown.  Browsers send every line break as CR LF.
function fromForm(form) {
	const values = prefix => Object.fromEntries(
		names.map(name => [name, form[prefix + name].replaceAll('\r\n', '\n')]));

	return { mine: values(''), base: values('base_'), version: form.version };
}

// Field by field: what was read, what was written, and what is there now.  The next
// form holds what was changed here, and else what is there now; what both have changed
// to different values is a conflict.
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

module.exports = { fromForm, merge };
