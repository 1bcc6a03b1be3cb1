'use strict';

const { PrismaPg } = require('@prisma/adapter-pg');
const { Prisma, PrismaClient } = require('@prisma/client');

const prisma = new PrismaClient({ adapter: new PrismaPg({}) });	// PGHOST, PGDATABASE and so on say where

// Send all columns back, and with them the version that was read; go on with the
// one that comes back.
async function save(doc, db = prisma) {
	const { id, ...data } = doc;

	return Object.assign(doc, await db.doc.update({ where: { id }, data }));
}

// Have Prisma ask for the version that was read, and the server count.
async function saveChecked({ id, version, ...data }, db = prisma) {
	return db.doc.update({ where: { id, version }, data });
}

// Write in a transaction in which the documents must be at the version of this one:
// for a delete, which sends none.
function expecting(doc, write) {
	return prisma.$transaction(async tx => {
		await tx.$executeRaw`SELECT concurrency.expect('doc', ${doc.version})`;
		return write(tx);
	});
}

// Prisma has found no such row: it is gone, or has another version by now.
function isMissing(error) {
	return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2025';
}

// The server's refusal, as the adapter has it: Prisma wraps it.
function refusal(error) {
	const said = error instanceof Prisma.PrismaClientKnownRequestError && error.meta?.driverAdapterError?.cause;

	return ['PT409', 'PT428'].includes(said?.code) ? said : undefined;
}

module.exports = { prisma, save, saveChecked, expecting, isMissing, refusal };
