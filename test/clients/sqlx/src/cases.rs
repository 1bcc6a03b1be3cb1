//! What becomes of each write.

use sqlx::postgres::{PgConnectOptions, PgDatabaseError};
use sqlx::{ConnectOptions, Error, PgConnection, Result};
use std::future::Future;

pub const GONE: &str = "no row";

pub struct Cases {
    tool: PgConnection, // of its own, as of a tool that knows nothing of versions
}

impl Cases {
    pub async fn new() -> Result<Cases> {
        Ok(Cases {
            tool: PgConnectOptions::new().connect().await?,
        })
    }

    /// Make a row that two writers can read.
    pub async fn new_row(&mut self) -> Result<i64> {
        sqlx::query_scalar("INSERT INTO doc (body) VALUES ('draft') RETURNING id")
            .fetch_one(&mut self.tool)
            .await
    }

    pub async fn write_by_tool(&mut self, id: i64) -> Result<()> {
        sqlx::query("UPDATE doc SET body = 'by a tool' WHERE id = $1")
            .bind(id)
            .execute(&mut self.tool)
            .await?;
        Ok(())
    }

    /// The body of a row, and what to print of it.
    async fn row(&mut self, id: i64) -> Result<(String, String)> {
        let row: Option<(String, i64)> =
            sqlx::query_as("SELECT body, version FROM doc WHERE id = $1")
                .bind(id)
                .fetch_optional(&mut self.tool)
                .await?;
        Ok(match row {
            Some((body, version)) => (body.clone(), format!("{body}, version {version}")),
            None => (GONE.into(), GONE.into()),
        })
    }

    /// Write, and print what became of it: lost, if the row does not have the body that
    /// is to stay.  The write gives the number of rows that it has found.
    pub async fn attempt(
        &mut self,
        name: &str,
        id: i64,
        stays: &str,
        write: impl Future<Output = Result<u64>>,
    ) -> Result<()> {
        let (before, _) = self.row(id).await?;
        let refusal = refusal(write.await)?;
        let (after, print) = self.row(id).await?;
        let outcome = match refusal {
            Some(_) if after != before => panic!("{name}: refused, and written all the same"),
            Some(refusal) => refusal,
            None if after != stays => format!("lost\t{print}"),
            None => format!("accepted\t{print}"),
        };
        println!("{name}\t{outcome}");
        Ok(())
    }
}

/// What a write was refused by; anything unforeseen goes on failing.
fn refusal(result: Result<u64>) -> Result<Option<String>> {
    match result {
        Ok(0) => Ok(Some("refused by the client\t0 rows".into())),
        Ok(_) => Ok(None),
        Err(Error::RowNotFound) => Ok(Some("refused by the client\tRowNotFound".into())),
        Err(Error::Database(error))
            if ["PT409", "PT428"].contains(&&*error.code().unwrap_or_default()) =>
        {
            let said = error.downcast_ref::<PgDatabaseError>();
            assert!(
                said.detail()
                    .is_some_and(|detail| detail.starts_with("Key (id)=(")),
                "{said}"
            );
            assert!(
                said.hint()
                    .is_some_and(|hint| hint.starts_with("Read the row")),
                "{said}"
            );
            let fields = [
                said.schema(),
                said.table(),
                said.column(),
                said.constraint(),
            ]
            .map(Option::unwrap_or_default);
            Ok(Some(format!(
                "refused by us\tPgDatabaseError {} {}",
                said.code(),
                fields.join(" ")
            )))
        }
        Err(error) => Err(error),
    }
}
