//! Where documents are kept.

use sqlx::{Error, FromRow, PgExecutor, Result};

#[derive(FromRow)]
pub struct Doc {
    pub id: i64,
    pub title: String,
    pub body: String,
    pub version: i64,
}

pub async fn read(db: impl PgExecutor<'_>, id: i64) -> Result<Doc> {
    sqlx::query_as("SELECT id, title, body, version FROM doc WHERE id = $1")
        .bind(id)
        .fetch_one(db)
        .await
}

/// Sends back the version that was read, and goes on with the one that comes back.
/// If the document is gone, it is `Error::RowNotFound`.
pub async fn save(db: impl PgExecutor<'_>, doc: &mut Doc) -> Result<()> {
    doc.version = sqlx::query_scalar(
        "UPDATE doc SET title = $1, body = $2, version = $3 WHERE id = $4 RETURNING version",
    )
    .bind(&doc.title)
    .bind(&doc.body)
    .bind(doc.version)
    .bind(doc.id)
    .fetch_one(db)
    .await?;
    Ok(())
}

/// Deletes the document if it is as it was read, and gives the number of rows.
pub async fn remove(db: impl PgExecutor<'_>, doc: &Doc) -> Result<u64> {
    let done = sqlx::query("DELETE FROM doc WHERE id = $1 AND version = $2")
        .bind(doc.id)
        .bind(doc.version)
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}

/// Until the end of the transaction, documents that are written must be at this version.
pub async fn expect(transaction: impl PgExecutor<'_>, version: i64) -> Result<()> {
    sqlx::query("SELECT concurrency.expect('doc', $1)")
        .bind(version)
        .execute(transaction)
        .await?;
    Ok(())
}

/// Has the server refused a write because the row has changed since it was read?
pub fn is_stale(error: &Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .as_deref()
        == Some("PT409")
}
