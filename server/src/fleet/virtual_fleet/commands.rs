//! The rows of commands and their journal. Every change of a command is written with its line in the journal.

use domain::Timestamp;
use domain::command::{Command, CommandId, Failure};
use domain::ports::StoreError;
use sqlx::{Row, SqliteExecutor};
use uuid::Uuid;

use crate::database::sqlite::Tx;
use crate::store::names::Named;

/// Where a command is, as this MDM sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    /// The phone has it.
    Delivered,
    Done,
    Failed(Failure),
    Expired,
    Cancelled,
}

/// A line of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Received,
    Duplicate,
    Delivered,
    Executed,
    Refused,
    Cancelled,
    Expired,
}

pub(super) async fn state_of(
    id: CommandId,
    executor: impl SqliteExecutor<'_>,
) -> Result<Option<State>, StoreError> {
    let row = sqlx::query("SELECT state, failure FROM commands WHERE id = ?")
        .bind(id.0)
        .fetch_optional(executor)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let failure = row.try_get::<Option<&str>, _>("failure")?.map(Failure::parse).transpose()?;
    State::parse(row.try_get("state")?, failure).map(Some)
}

/// Writes a command that is new to this MDM.
pub(super) async fn insert(
    tx: &mut Tx,
    command: &Command,
    state: State,
    passcode_hash: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (state_name, failure) = state.names();
    let ended_at = (state != State::Waiting).then_some(now.0);
    sqlx::query(
        "INSERT INTO commands (id, phone, kind, state, failure, passcode_hash, received_at, ended_at, deadline)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(command.id.0)
    .bind(command.device.external())
    .bind(command.kind.name())
    .bind(state_name)
    .bind(failure)
    .bind(passcode_hash)
    .bind(now.0)
    .bind(ended_at)
    .bind(command.deadline.0)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends a command that is waiting or delivered. What has ended stays as it is.
pub(super) async fn end(tx: &mut Tx, id: Uuid, state: State, now: Timestamp) -> Result<(), StoreError> {
    let (name, failure) = state.names();
    sqlx::query(
        "UPDATE commands SET state = ?, failure = ?, passcode_hash = NULL, ended_at = ?
         WHERE id = ? AND ended_at IS NULL",
    )
    .bind(name)
    .bind(failure)
    .bind(now.0)
    .bind(id)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends every open command of a phone that left its owner or the fleet.
pub(super) async fn fail_open(
    tx: &mut Tx,
    phone: &str,
    failure: Failure,
    now: Timestamp,
) -> Result<(), StoreError> {
    let open: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM commands WHERE phone = ? AND ended_at IS NULL")
        .bind(phone)
        .fetch_all(&mut **tx)
        .await?;
    for id in open {
        end(tx, id, State::Failed(failure), now).await?;
        journal(tx, id, phone, Event::Refused, now).await?;
    }
    Ok(())
}

pub(super) async fn journal(
    tx: &mut Tx,
    command: Uuid,
    phone: &str,
    event: Event,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO journal (at, command, phone, event) VALUES (?, ?, ?, ?)")
        .bind(now.0)
        .bind(command)
        .bind(phone)
        .bind(event.name())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

impl State {
    fn names(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Waiting => ("waiting", None),
            Self::Delivered => ("delivered", None),
            Self::Done => ("done", None),
            Self::Failed(failure) => ("failed", Some(failure.name())),
            Self::Expired => ("expired", None),
            Self::Cancelled => ("cancelled", None),
        }
    }

    fn parse(name: &str, failure: Option<Failure>) -> Result<Self, StoreError> {
        match (name, failure) {
            ("waiting", None) => Ok(Self::Waiting),
            ("delivered", None) => Ok(Self::Delivered),
            ("done", None) => Ok(Self::Done),
            ("failed", Some(failure)) => Ok(Self::Failed(failure)),
            ("expired", None) => Ok(Self::Expired),
            ("cancelled", None) => Ok(Self::Cancelled),
            _ => Err(StoreError(format!("a command is {name:?}, which this version does not know"))),
        }
    }
}

impl Event {
    const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Duplicate => "duplicate",
            Self::Delivered => "delivered",
            Self::Executed => "executed",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }
}
