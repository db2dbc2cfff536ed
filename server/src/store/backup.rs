//! A backup is a file of SQLite, whatever the rows are kept in: one file, from which an organisation moves to PostgreSQL as
//! well.
//!
//! Whoever was signed in when it was made may have signed out since, and what was to be sent may have been sent. So nothing
//! in it opens anything, and what was open when it was made is never sent.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use domain::Timestamp;
use domain::command::{CommandId, CommandState, Failure};
use domain::ports::{Settlement, StoreError};
use futures::TryStreamExt;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Column, Row as _, SqlSafeStr, SqlStr, TypeInfo, ValueRef};
use uuid::Uuid;

use super::commands::settle;
use super::sql::{POSTGRES, SQLITE, SqlStore};
use crate::database::sqlite::File as SqliteFile;
use crate::database::{Database, Engine, Query, Row, Tx, Value, query, time_in};

/// In such an order that what a row names is there before it.
const TABLES: [&str; 16] = [
    "people",
    "identities",
    "sessions",
    "known_browsers",
    "passkeys",
    "recovery_codes",
    "used_once",
    "windows",
    "commands",
    "command_steps",
    "grants",
    "passcodes",
    "notifications",
    "audit",
    "audit_head",
    "enrolments",
];

impl SqlStore {
    /// Of one moment, while others go on writing.
    pub async fn back_up(&self, path: &Path, now: Timestamp) -> Result<(), StoreError> {
        let part = path.with_added_extension("part");
        make(&part)?;
        let written = self.write_to(&part, now).await.and_then(|()| put_in_place(&part, path));
        if written.is_err() {
            let _ = std::fs::remove_file(&part);
        }
        written
    }

    async fn write_to(&self, part: &Path, now: Timestamp) -> Result<(), StoreError> {
        if let Engine::Sqlite(file) = self.database.engine() {
            let copied = sqlx::query("VACUUM INTO $1").bind(part.to_string_lossy().into_owned());
            copied.execute(&file.reads).await?;
        }
        let copy = Database::file(part, Some(&SQLITE)).await?;
        let mut tx = copy.write().await?;
        if let Engine::Postgres(server) = self.database.engine() {
            let moment = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
            let mut source = server.reads.begin_with(moment).await?;
            are_of_this_version(&mut source).await?;
            for name in TABLES {
                let table = Table { name, columns: self.columns(name).await? };
                table.empty(&mut tx).await?;
                let mut rows = sqlx::query(table.select()).fetch(&mut *source);
                while let Some(row) = rows.try_next().await? {
                    table.insert(read_postgres(&row)?, &mut tx).await?;
                }
            }
        }
        void(&mut tx, now).await?;
        tx.commit().await?;
        copy.close().await;
        Ok(())
    }

    /// Into a database without rows. Says how many resets were open.
    pub async fn restore(&self, path: &Path, now: Timestamp) -> Result<usize, StoreError> {
        // An older version may have made it, and it is brought up to date on the way; the backup itself stays as it is.
        let part = path.with_added_extension("part");
        let mut copy = make(&part)?;
        let copied = File::open(path).and_then(|mut backup| std::io::copy(&mut backup, &mut copy));
        let read = match copied {
            Ok(_) => self.read_from(&part, now).await,
            Err(error) => Err(StoreError(format!("{} cannot be read: {error}", path.display()))),
        };
        std::fs::remove_file(&part)?;
        read
    }

    async fn read_from(&self, part: &Path, now: Timestamp) -> Result<usize, StoreError> {
        let backup = SqliteFile::open(part, Some(&SQLITE)).await?;
        let read = self.fill_from(&backup, now).await;
        backup.close().await;
        read
    }

    async fn fill_from(&self, backup: &SqliteFile, now: Timestamp) -> Result<usize, StoreError> {
        let mut tx = self.database.write().await?;
        let used = query("SELECT EXISTS (SELECT 1 FROM people) OR EXISTS (SELECT 1 FROM audit)");
        if used.value(&mut tx).await? {
            return Err(StoreError("there are rows in it already: name an empty database".to_owned()));
        }
        for name in TABLES {
            let table = Table { name, columns: self.columns(name).await? };
            table.empty(&mut tx).await?;
            let mut rows = sqlx::query(table.select()).fetch(&backup.reads);
            while let Some(row) = rows.try_next().await? {
                table.insert(table.read_sqlite(&row)?, &mut tx).await?;
            }
        }
        void(&mut tx, now).await?;
        if let Engine::Postgres(_) = self.database.engine() {
            let next = "SELECT setval(pg_get_serial_sequence('notifications', 'cursor'),
                                      (SELECT coalesce(max(cursor), 0) + 1 FROM notifications), false)";
            query(next).value::<i64>(&mut tx).await?;
        }
        tx.continue_audit().await?;
        let open = end_what_was_open(&mut tx, now).await?;
        tx.commit().await?;
        Ok(open)
    }

    /// Name and kind of each that is written and not worked out.
    async fn columns(&self, table: &'static str) -> Result<Vec<(String, String)>, StoreError> {
        let columns = query(match self.database.engine() {
            Engine::Postgres(_) => {
                "SELECT column_name::text AS name, udt_name::text AS kind FROM information_schema.columns
                 WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position"
            }
            Engine::Sqlite(_) => "SELECT name, '' AS kind FROM pragma_table_info($1)",
        });
        let columns = columns.bind(table).fetch_all(&self.database).await?;
        columns.iter().map(|column: &Row| Ok((column.get("name")?, column.get("kind")?))).collect()
    }
}

/// A table that only the next version knows would be missing in the copy, without a word.
async fn are_of_this_version(source: &mut PgConnection) -> Result<(), StoreError> {
    let newest = POSTGRES.iter().map(|migration| migration.version).max();
    let newer = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM _sqlx_migrations WHERE version > $1)");
    if newer.bind(newest).fetch_one(source).await? {
        return Err(StoreError(
            "a newer version has brought the tables further: take the backup with that version".to_owned(),
        ));
    }
    Ok(())
}

/// It may have been sent after the backup was made: nobody knows, and it is not sent again.
async fn end_what_was_open(tx: &mut Tx, now: Timestamp) -> Result<usize, StoreError> {
    let open: Vec<Uuid> = query("SELECT id FROM commands WHERE due_at IS NOT NULL").values(&mut *tx).await?;
    for command in &open {
        let settlement = Settlement {
            command: CommandId(*command),
            fence: None,
            only_unsent: false,
            state: CommandState::Failed,
            failure: Some(Failure::Unknown),
            passcode: None,
            handle: None,
        };
        settle(tx, &settlement, now).await?;
    }
    Ok(open.len())
}

/// Takes away what opens something, or would.
async fn void(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    let of_now = [
        "UPDATE sessions SET ended_at = $1 WHERE ended_at IS NULL",
        "UPDATE windows SET consumed_at = $1 WHERE consumed_at IS NULL",
    ];
    for statement in of_now {
        query(statement).bind(now).execute(&mut *tx).await?;
    }
    for statement in [
        "DELETE FROM grants WHERE spent_on IS NULL",
        "DELETE FROM known_browsers",
        "UPDATE passcodes SET nonce = NULL, ciphertext = NULL WHERE ciphertext IS NOT NULL",
    ] {
        query(statement).execute(&mut *tx).await?;
    }
    Ok(())
}

struct Table {
    name: &'static str,
    columns: Vec<(String, String)>,
}

impl Table {
    /// Of what a new database has in it.
    async fn empty(&self, tx: &mut Tx) -> Result<(), StoreError> {
        if self.name == "audit_head" {
            query("DELETE FROM audit_head").execute(tx).await?;
        }
        Ok(())
    }

    fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }

    // Nothing stands in these but names of our own tables and columns.
    fn select(&self) -> SqlStr {
        AssertSqlSafe(format!("SELECT {} FROM {}", self.names(), self.name)).into_sql_str()
    }

    async fn insert(&self, values: Vec<Value>, tx: &mut Tx) -> Result<(), StoreError> {
        let places = (1..=values.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
        let text = format!("INSERT INTO {} ({}) VALUES ({places})", self.name, self.names());
        let insert = values.into_iter().fold(query(AssertSqlSafe(text)), Query::bind);
        insert.execute(tx).await.map(drop)
    }

    fn read_sqlite(&self, row: &SqliteRow) -> Result<Vec<Value>, StoreError> {
        let value = |(place, (_, kind)): (usize, &(String, String))| {
            Ok(match kind.as_str() {
                "bool" => Value::Flag(row.try_get(place)?),
                "uuid" => Value::Id(row.try_get(place)?),
                "timestamptz" => Value::Time(row.try_get::<Option<i64>, _>(place)?.map(Timestamp)),
                // Into another file of SQLite, as it is.
                _ => match row.try_get_raw(place)?.type_info().name() {
                    "TEXT" => Value::Text(row.try_get(place)?),
                    "BLOB" => Value::Bytes(row.try_get(place)?),
                    "INTEGER" | "BOOLEAN" => Value::Number(row.try_get(place)?),
                    _ if kind == "bytea" => Value::Bytes(None),
                    _ if kind == "int8" => Value::Number(None),
                    _ => Value::Text(None),
                },
            })
        };
        self.columns.iter().enumerate().map(value).collect()
    }
}

fn read_postgres(row: &PgRow) -> Result<Vec<Value>, StoreError> {
    let value = |column: &sqlx::postgres::PgColumn| {
        let place = column.ordinal();
        Ok(match column.type_info().name() {
            "BOOL" => Value::Flag(row.try_get(place)?),
            "UUID" => Value::Id(row.try_get(place)?),
            "TIMESTAMPTZ" => Value::Time(time_in(row, place)?),
            "BYTEA" => Value::Bytes(row.try_get(place)?),
            "INT8" => Value::Number(row.try_get(place)?),
            _ => Value::Text(row.try_get(place)?),
        })
    };
    row.columns().iter().map(value).collect()
}

/// Nobody else may read it: it holds the hashes of passwords.
fn make(part: &Path) -> Result<File, StoreError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(part);
    file.map_err(|error| StoreError(format!("{} cannot be made: {error}", part.display())))
}

/// Never over what is there.
fn put_in_place(part: &Path, path: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError(format!("{} cannot be made: {error}", path.display()));
    File::open(part).and_then(|file| file.sync_all()).map_err(failed)?;
    std::fs::hard_link(part, path).and_then(|()| std::fs::remove_file(part)).map_err(failed)
}

#[cfg(test)]
#[path = "backup_tests.rs"]
mod tests;
