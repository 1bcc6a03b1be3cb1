package main

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

type Doc struct {
	ID      int64
	Title   string
	Body    string
	Version int64
}

// db is a pool or a transaction.
type db interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func read(ctx context.Context, db db, id int64) (*Doc, error) {
	rows, err := db.Query(ctx, "SELECT * FROM doc WHERE id = $1", id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectOneRow(rows, pgx.RowToAddrOfStructByName[Doc])
}

// save sends back the version that was read, and goes on with the one that comes back.
// If the document is gone, it is pgx.ErrNoRows.
func save(ctx context.Context, db db, doc *Doc) error {
	return db.QueryRow(ctx, "UPDATE doc SET title = $1, body = $2, version = $3 WHERE id = $4 RETURNING version",
		doc.Title, doc.Body, doc.Version, doc.ID).Scan(&doc.Version)
}

// remove deletes the document if it is as it was read, and gives the number of rows.
func remove(ctx context.Context, db db, doc *Doc) (int64, error) {
	tag, err := db.Exec(ctx, "DELETE FROM doc WHERE id = $1 AND version = $2", doc.ID, doc.Version)
	return tag.RowsAffected(), err
}

// expecting writes in a transaction in which the documents must be at the version of this one.
func expecting(ctx context.Context, pool *pgxpool.Pool, doc *Doc, write func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT concurrency.expect('doc', $1::bigint)", doc.Version); err != nil {
			return err
		}
		return write(tx)
	})
}

// isStale tells whether the server has refused a write because the row has changed since it was read.
func isStale(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == "PT409"
}
