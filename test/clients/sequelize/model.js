'use strict';

const { DataTypes, DatabaseError, OptimisticLockError, Sequelize } = require('sequelize');

const sequelize = new Sequelize(process.env.PGDATABASE, process.env.PGUSER, process.env.PGPASSWORD, {
	dialect: 'postgres',
	host: process.env.PGHOST,
	port: process.env.PGPORT,
	logging: false,
});

const Doc = sequelize.define('Doc', {
	title: { type: DataTypes.TEXT, defaultValue: 'draft' },
	body: DataTypes.TEXT,
	hits: { type: DataTypes.INTEGER, defaultValue: 0 },
}, { tableName: 'doc', timestamps: false, version: true });

// Somebody else was faster: Sequelize has noticed it, or the server.
function isStale(error) {
	return error instanceof OptimisticLockError;
}

// The server's refusal, as the driver has it: Sequelize wraps it.
function refusal(error) {
	return error instanceof DatabaseError && ['PT409', 'PT428'].includes(error.parent.code) ? error.parent : undefined;
}

module.exports = { sequelize, Doc, isStale, refusal };
