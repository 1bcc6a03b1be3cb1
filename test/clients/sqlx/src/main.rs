mod cases;
mod docs;

use cases::{Cases, GONE};
use docs::{expect, is_stale, read, remove, save, Doc};
use sqlx::postgres::PgConnectOptions;
use sqlx::{PgPool, Result};

struct Client {
    pool: PgPool,
    cases: Cases,
}

impl Client {
    async fn fresh(&mut self) -> Result<Doc> {
        read(&self.pool, self.cases.new_row().await?).await
    }

    /// One that somebody else has saved since it was read.
    async fn stale(&mut self) -> Result<Doc> {
        let mine = self.fresh().await?;
        save_as(&self.pool, &mut read(&self.pool, mine.id).await?, "first").await?;
        Ok(mine)
    }

    /// The same, where the client counts.
    async fn stale_by_increment(&mut self) -> Result<Doc> {
        let mine = self.fresh().await?;
        increment(&self.pool, &mine, "first").await?;
        Ok(mine)
    }

    async fn attempt_common(&mut self) -> Result<()> {
        let pool = self.pool.clone();

        let doc = self.fresh().await?;
        self.cases
            .attempt("read", doc.id, "draft", async {
                read(&pool, doc.id).await.map(|_| 1)
            })
            .await?;
        let mut doc = self.fresh().await?;
        self.cases
            .attempt(
                "fresh update",
                doc.id,
                "mine",
                save_as(&pool, &mut doc, "mine"),
            )
            .await?;
        self.cases
            .attempt(
                "second fresh update",
                doc.id,
                "again",
                save_as(&pool, &mut doc, "again"),
            )
            .await?;
        let mut doc = self.stale().await?;
        self.cases
            .attempt(
                "stale update",
                doc.id,
                "first",
                save_as(&pool, &mut doc, "second"),
            )
            .await?;
        let mut doc = self.stale().await?;
        doc.title = "second".into();
        self.cases
            .attempt(
                "stale update of another column",
                doc.id,
                "first",
                save_as(&pool, &mut doc, "draft"),
            )
            .await?;
        let mut doc = self.fresh().await?;
        self.cases.write_by_tool(doc.id).await?;
        self.cases
            .attempt(
                "stale update after a blind one",
                doc.id,
                "by a tool",
                save_as(&pool, &mut doc, "second"),
            )
            .await?;
        let doc = self.fresh().await?;
        self.cases
            .attempt("fresh delete", doc.id, GONE, remove(&pool, &doc))
            .await?;
        let doc = self.stale_by_increment().await?;
        self.cases
            .attempt("stale delete", doc.id, "first", remove(&pool, &doc))
            .await
    }

    async fn attempt_others(&mut self) -> Result<()> {
        let pool = self.pool.clone();

        let doc = self.fresh().await?;
        self.cases
            .attempt(
                "fresh increment, old version in WHERE",
                doc.id,
                "mine",
                increment(&pool, &doc, "mine"),
            )
            .await?;
        let doc = self.stale_by_increment().await?;
        self.cases
            .attempt(
                "stale increment, old version in WHERE",
                doc.id,
                "first",
                increment(&pool, &doc, "second"),
            )
            .await?;
        for (name, sql) in [
            (
                "stale increment without that",
                "UPDATE doc SET body = 'second', version = version + 1 WHERE id = $1",
            ),
            (
                "partial update",
                "UPDATE doc SET title = 'second' WHERE id = $1",
            ),
            (
                "blind update",
                "UPDATE doc SET body = 'second' WHERE id = $1",
            ),
            ("stale delete by the key", "DELETE FROM doc WHERE id = $1"),
        ] {
            let doc = self.stale().await?;
            self.cases
                .attempt(name, doc.id, "first", by_key(&pool, sql, doc.id))
                .await?;
        }
        let doc = self.fresh().await?;
        self.cases
            .attempt(
                "fresh upsert with the version",
                doc.id,
                "mine",
                upsert(&pool, &doc, "mine"),
            )
            .await?;
        let doc = self.stale().await?;
        self.cases
            .attempt(
                "stale upsert with the version",
                doc.id,
                "first",
                upsert(&pool, &doc, "second"),
            )
            .await
    }

    async fn attempt_expecting(&mut self) -> Result<()> {
        let pool = self.pool.clone();

        for (name, sql) in [
            (
                "stale update, by expect()",
                "UPDATE doc SET body = 'second' WHERE id = $1",
            ),
            ("stale delete, by expect()", "DELETE FROM doc WHERE id = $1"),
        ] {
            let doc = self.stale().await?;
            let write = async {
                let mut transaction = pool.begin().await?;
                expect(&mut *transaction, doc.version).await?;
                let result = by_key(&mut *transaction, sql, doc.id).await;
                assert!(result.as_ref().is_err_and(is_stale));
                result
            };
            self.cases.attempt(name, doc.id, "first", write).await?;
        }
        Ok(())
    }
}

async fn save_as(pool: &PgPool, doc: &mut Doc, body: &str) -> Result<u64> {
    doc.body = body.into();
    save(pool, doc).await.map(|()| 1)
}

async fn increment(pool: &PgPool, doc: &Doc, body: &str) -> Result<u64> {
    let update = "UPDATE doc SET body = $2, version = version + 1 WHERE id = $1 AND version = $3";
    Ok(sqlx::query(update)
        .bind(doc.id)
        .bind(body)
        .bind(doc.version)
        .execute(pool)
        .await?
        .rows_affected())
}

async fn upsert(pool: &PgPool, doc: &Doc, body: &str) -> Result<u64> {
    let insert = "INSERT INTO doc (id, body, version) VALUES ($1, $2, $3)
        ON CONFLICT (id) DO UPDATE SET body = excluded.body, version = excluded.version";
    Ok(sqlx::query(insert)
        .bind(doc.id)
        .bind(body)
        .bind(doc.version)
        .execute(pool)
        .await?
        .rows_affected())
}

async fn by_key(db: impl sqlx::PgExecutor<'_>, sql: &str, id: i64) -> Result<u64> {
    Ok(sqlx::query(sql).bind(id).execute(db).await?.rows_affected())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let pool = PgPool::connect_with(PgConnectOptions::new()).await?; // PGHOST, PGDATABASE and so on say where
    let mut client = Client {
        pool,
        cases: Cases::new().await?,
    };

    client.attempt_common().await?;
    client.attempt_others().await?;
    if std::env::var("CASES_MODE").as_deref() == Ok("attached") {
        client.attempt_expecting().await?;
    }
    Ok(())
}
