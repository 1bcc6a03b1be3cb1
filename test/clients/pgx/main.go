package main

import (
	"context"
	"log"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"cases"
)

func main() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, "") // PGHOST, PGDATABASE and so on say where
	check(err)
	docs := cases.Docs[Doc]{
		Cases:   cases.New(pgx.ErrNoRows),
		Read:    func(id int64) (*Doc, error) { return read(ctx, pool, id) },
		SetBody: func(doc *Doc, body string) { doc.Body = body },
	}
	attempt, setting := docs.Attempt, docs.Setting

	// Statements, and what they take from the document.
	executing := func(sql string, args func(doc *Doc) []any) cases.Write[Doc] {
		return func(doc *Doc) (int64, error) {
			tag, err := pool.Exec(ctx, sql, args(doc)...)
			return tag.RowsAffected(), err
		}
	}
	row := func(doc *Doc) []any { return []any{doc.ID, doc.Body, doc.Version} }
	key := func(doc *Doc) []any { return []any{doc.ID} }

	saved := func(doc *Doc) (int64, error) { return 1, save(ctx, pool, doc) }
	removed := func(doc *Doc) (int64, error) { return remove(ctx, pool, doc) }
	bySave := docs.By(saved)
	docs.Common("", saved)
	attempt("stale update of another column", bySave, "first", func(doc *Doc) (int64, error) {
		doc.Title = "second"
		return saved(doc)
	})
	increment := executing("UPDATE doc SET body = $2, version = version + 1 WHERE id = $1 AND version = $3", row)
	attempt("fresh delete", cases.ByNobody, cases.Gone, removed)
	attempt("stale delete", docs.By(increment), "first", removed)
	attempt("fresh increment, old version in WHERE", cases.ByNobody, "mine", setting("mine", increment))
	attempt("stale increment, old version in WHERE", docs.By(increment), "first", setting("second", increment))
	attempt("stale increment without that", bySave, "first",
		executing("UPDATE doc SET body = 'second', version = version + 1 WHERE id = $1", key))
	attempt("partial update", bySave, "first", executing("UPDATE doc SET title = 'second' WHERE id = $1", key))
	attempt("blind update", bySave, "first", executing("UPDATE doc SET body = 'second' WHERE id = $1", key))
	upsert := executing(`INSERT INTO doc (id, body, version) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET body = excluded.body, version = excluded.version`, row)
	attempt("fresh upsert with the version", cases.ByNobody, "mine", setting("mine", upsert))
	attempt("stale upsert with the version", bySave, "first", setting("second", upsert))
	attempt("stale delete by the key", bySave, "first", executing("DELETE FROM doc WHERE id = $1", key))

	attempt("stale update in a batch, after an insert", bySave, "first", func(doc *Doc) (int64, error) {
		batch := &pgx.Batch{}
		batch.Queue("INSERT INTO doc (body) VALUES ('in a batch')")
		batch.Queue("UPDATE doc SET body = 'second', version = $2 WHERE id = $1", doc.ID, doc.Version)
		return 1, pool.SendBatch(ctx, batch).Close()
	})
	if !cases.Attached {
		return
	}
	var inserted int
	check(pool.QueryRow(ctx, "SELECT count(*) FROM doc WHERE body = 'in a batch'").Scan(&inserted))
	if inserted != 0 {
		log.Fatal("a batch was refused, and a part of it written all the same")
	}
	expected := func(sql string) cases.Write[Doc] {
		return func(doc *Doc) (int64, error) {
			err := expecting(ctx, pool, doc, func(tx pgx.Tx) error {
				_, err := tx.Exec(ctx, sql, doc.ID)
				return err
			})
			if !isStale(err) {
				log.Fatal("isStale does not know a stale write")
			}
			return 1, err
		}
	}
	attempt("stale update, by expect()", bySave, "first", expected("UPDATE doc SET body = 'second' WHERE id = $1"))
	attempt("stale delete, by expect()", bySave, "first", expected("DELETE FROM doc WHERE id = $1"))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
