use domain::audit::Event;
use domain::command::{
    Command, CommandId, CommandKind, CommandState, CommandStep, Failure, HOUR_SECONDS, Submission,
    SubmitFacts, may_submit,
};
use domain::device::{Device, DeviceId, FleetId, Platform};
use domain::notification::News;
use domain::passcode::{Maker, PasscodePolicy};
use domain::person::{Actor, PersonId};
use domain::ports::{Lease, Pause, Sealed, Settlement, StoreError};
use domain::{Refusal, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::audit::{AuditRow, audit};
use super::names::Named;
use super::notifications::notify;
use super::passcodes::{arm_passcode, erase_older_passcodes, erase_passcode, keep_passcode, sealed_of};
use super::sessions::newest_grant;
use super::sqlite::{SqliteStore, person_from};
use crate::database::Tx;

/// The command that has been due for longest, of an MDM that is not busy. A device's id begins with its MDM's.
const DUE: &str = "SELECT id FROM commands
    WHERE due_at <= ? AND instr(?, ',' || substr(device, 1, instr(device, '.') - 1) || ',') = 0
    ORDER BY due_at LIMIT 1";

impl SqliteStore {
    pub(super) async fn insert_command(
        &self,
        actor: &Actor,
        device: &Device,
        command: &Command,
        at_most_an_hour: usize,
        now: Timestamp,
    ) -> Result<Result<Submission, Refusal>, StoreError> {
        let mut tx = self.database.write().await?;
        let facts = SubmitFacts {
            grant: newest_grant(&mut tx, actor, &device.id).await?,
            open: open_command(&mut tx, &device.id).await?.map(|command| command.id),
            within_an_hour: submitted_within_an_hour(&mut tx, &device.id, now).await?,
        };
        let submission = match may_submit(actor, device, &facts, at_most_an_hour, now) {
            Ok(submission) => submission,
            Err(refusal) => {
                let id = device.id.to_string();
                let row = AuditRow {
                    person: Some(actor.person.id),
                    event: Event::ResetRefused,
                    device: Some(&id),
                    command: None,
                };
                audit(&mut tx, row, now).await?;
                tx.commit().await?;
                return Ok(Err(refusal));
            }
        };
        let mut erased = false;
        if let Submission::New(grant) = submission {
            sqlx::query("UPDATE grants SET spent_on = ? WHERE id = ?")
                .bind(command.id.0)
                .bind(grant.0)
                .execute(&mut *tx)
                .await?;
            write_command(&mut tx, command, now).await?;
            erased = erase_older_passcodes(&mut tx, &device.id).await?;
        }
        tx.commit().await?;
        if erased {
            self.empty_log().await;
        }
        Ok(Ok(submission))
    }

    pub(super) async fn select_last_command(
        &self,
        person: PersonId,
        device: &DeviceId,
    ) -> Result<Option<Command>, StoreError> {
        sqlx::query(
            "SELECT * FROM commands WHERE person = ? AND device = ? ORDER BY created_at DESC, id DESC LIMIT 1",
        )
        .bind(person.0)
        .bind(device.to_string())
        .fetch_optional(&self.database.reads)
        .await?
        .map(|row| command_from(&row))
        .transpose()
    }

    pub(super) async fn select_last_commands(&self, person: PersonId) -> Result<Vec<Command>, StoreError> {
        sqlx::query(
            "SELECT * FROM (
                 SELECT *, row_number() OVER (PARTITION BY device ORDER BY created_at DESC, id DESC) AS place
                 FROM commands WHERE person = ?
             ) WHERE place = 1",
        )
        .bind(person.0)
        .fetch_all(&self.database.reads)
        .await?
        .iter()
        .map(command_from)
        .collect()
    }

    pub(super) async fn select_open_command(&self, device: &DeviceId) -> Result<Option<Command>, StoreError> {
        let mut connection = self.database.reads.acquire().await?;
        open_command(&mut connection, device).await
    }

    pub(super) async fn select_command(&self, id: CommandId) -> Result<Option<Command>, StoreError> {
        sqlx::query("SELECT * FROM commands WHERE id = ?")
            .bind(id.0)
            .fetch_optional(&self.database.reads)
            .await?
            .map(|row| command_from(&row))
            .transpose()
    }

    pub(super) async fn select_steps(&self, command: CommandId) -> Result<Vec<CommandStep>, StoreError> {
        let rows = sqlx::query("SELECT state, at FROM command_steps WHERE command = ?")
            .bind(command.0)
            .fetch_all(&self.database.reads)
            .await?;
        let mut steps = rows
            .iter()
            .map(|row| {
                Ok(CommandStep {
                    state: CommandState::parse(row.try_get("state")?)?,
                    at: Timestamp(row.try_get("at")?),
                })
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        steps.sort_by_key(|step| step.state);
        Ok(steps)
    }

    pub(super) async fn update_leased(
        &self,
        now: Timestamp,
        until: Timestamp,
        busy: &[FleetId],
    ) -> Result<Option<Lease>, StoreError> {
        let busy = busy.iter().fold(",".to_owned(), |list, fleet| format!("{list}{fleet},"));
        let due: Option<Uuid> =
            sqlx::query_scalar(DUE).bind(now.0).bind(&busy).fetch_optional(&self.database.reads).await?;
        if due.is_none() {
            return Ok(None);
        }
        let mut tx = self.database.write().await?;
        let due: Option<Uuid> =
            sqlx::query_scalar(DUE).bind(now.0).bind(&busy).fetch_optional(&mut *tx).await?;
        let row = sqlx::query("UPDATE commands SET due_at = ?, fence = fence + 1 WHERE id = ? RETURNING *")
            .bind(until.0)
            .bind(due)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let command = command_from(&row)?;
        let owner =
            sqlx::query("SELECT id, user_name, name, email, subject, it_admin FROM people WHERE id = ?")
                .bind(command.person.0)
                .fetch_one(&mut *tx)
                .await?;
        let lease = Lease {
            owner: person_from(&owner)?,
            fence: row.try_get("fence")?,
            failures: row.try_get("failures")?,
            passcode: sealed_of(&mut tx, command.id).await?,
            command,
        };
        tx.commit().await?;
        Ok(Some(lease))
    }

    pub(super) async fn update_renewed(&self, lease: &Lease, until: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.database.write().await?;
        let renewed =
            sqlx::query("UPDATE commands SET due_at = ? WHERE id = ? AND fence = ? AND due_at IS NOT NULL")
                .bind(until.0)
                .bind(lease.command.id.0)
                .bind(lease.fence)
                .execute(&mut *tx)
                .await?
                .rows_affected();
        tx.commit().await?;
        Ok(renewed > 0)
    }

    pub(super) async fn update_sending(
        &self,
        lease: &Lease,
        passcode: Option<&Sealed>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.database.write().await?;
        let moved = sqlx::query(
            "UPDATE commands SET state = 'sending', sent_at = ?
             WHERE id = ? AND fence = ? AND state IN ('queued', 'sending') AND sent_at IS NULL",
        )
        .bind(now.0)
        .bind(lease.command.id.0)
        .bind(lease.fence)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        if moved == 0 {
            return Ok(false);
        }
        write_step(&mut tx, lease.command.id, CommandState::Sending, now).await?;
        if let Some(sealed) = passcode {
            keep_passcode(&mut tx, lease.command.id, sealed).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    pub(super) async fn update_settled(
        &self,
        settlement: &Settlement,
        now: Timestamp,
    ) -> Result<Option<PersonId>, StoreError> {
        let mut tx = self.database.write().await?;
        let row = sqlx::query("SELECT * FROM commands WHERE id = ? AND (? IS NULL OR fence = ?)")
            .bind(settlement.command.0)
            .bind(settlement.fence)
            .bind(settlement.fence)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let command = command_from(&row)?;
        let expected = !settlement.only_unsent || command.sent_at.is_none();
        if !expected || !command.state.may_become(settlement.state) {
            return Ok(None);
        }
        sqlx::query(
            "UPDATE commands SET state = ?, failure = ?, handle = coalesce(?, handle),
                                 due_at = CASE WHEN ? THEN NULL ELSE due_at END
             WHERE id = ?",
        )
        .bind(settlement.state.name())
        .bind(settlement.failure.map(Named::name))
        .bind(&settlement.handle)
        .bind(settlement.state.is_final())
        .bind(command.id.0)
        .execute(&mut *tx)
        .await?;
        write_step(&mut tx, command.id, settlement.state, now).await?;
        if settlement.state.is_final() {
            finish(&mut tx, &command, settlement, now).await?;
        }
        tx.commit().await?;
        let kept = settlement.state == CommandState::Done || settlement.failure == Some(Failure::Unknown);
        if settlement.state.is_final() && !kept {
            self.empty_log().await;
        }
        Ok(Some(command.person))
    }

    pub(super) async fn update_released(&self, lease: &Lease, pause: Pause) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        sqlx::query(
            "UPDATE commands SET due_at = ?, failures = ?, sent_at = CASE WHEN ? THEN NULL ELSE sent_at END
             WHERE id = ? AND fence = ? AND due_at IS NOT NULL",
        )
        .bind(pause.due.0)
        .bind(pause.failures)
        .bind(pause.unsent)
        .bind(lease.command.id.0)
        .bind(lease.fence)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn select_next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let due: Option<i64> =
            sqlx::query_scalar("SELECT min(due_at) FROM commands").fetch_one(&self.database.reads).await?;
        Ok(due.map(Timestamp))
    }
}

/// Passcode, audit and notification of a command that has ended.
async fn finish(
    tx: &mut Tx,
    command: &Command,
    settlement: &Settlement,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(sealed) = &settlement.passcode {
        keep_passcode(tx, command.id, sealed).await?;
    }
    // Of a reset that may have happened, the passcode may be the one that opens the phone.
    if settlement.state == CommandState::Done || settlement.failure == Some(Failure::Unknown) {
        arm_passcode(tx, command.id, now).await?;
    } else {
        erase_passcode(tx, command.id).await?;
    }
    let event = match settlement.state {
        CommandState::Done => Event::ResetDone,
        CommandState::Expired => Event::ResetExpired,
        CommandState::Cancelled => Event::ResetCancelled,
        _ => Event::ResetFailed,
    };
    audit_command(tx, command, event, now).await?;
    match News::of(settlement.state, settlement.failure) {
        Some(news) => notify(tx, command, news, now).await,
        None => Ok(()),
    }
}

async fn write_command(tx: &mut Tx, command: &Command, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO commands (id, kind, person, device, device_name, platform, min_length, maker, state,
                               created_at, deadline, due_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(command.id.0)
    .bind(command.kind.name())
    .bind(command.person.0)
    .bind(command.device.to_string())
    .bind(&command.device_name)
    .bind(command.platform.name())
    .bind(command.policy.min_length)
    .bind(command.policy.maker.name())
    .bind(command.state.name())
    .bind(command.created_at.0)
    .bind(command.deadline.0)
    .bind(now.0)
    .execute(&mut **tx)
    .await?;
    write_step(tx, command.id, command.state, now).await?;
    audit_command(tx, command, Event::ResetSubmitted, now).await
}

async fn write_step(
    tx: &mut Tx,
    command: CommandId,
    state: CommandState,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO command_steps (command, state, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(command.0)
        .bind(state.name())
        .bind(now.0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn audit_command(
    tx: &mut Tx,
    command: &Command,
    event: Event,
    now: Timestamp,
) -> Result<(), StoreError> {
    let device = command.device.to_string();
    let row =
        AuditRow { person: Some(command.person), event, device: Some(&device), command: Some(command.id.0) };
    audit(tx, row, now).await
}

async fn submitted_within_an_hour(
    tx: &mut Tx,
    device: &DeviceId,
    now: Timestamp,
) -> Result<Vec<Timestamp>, StoreError> {
    let times: Vec<i64> =
        sqlx::query_scalar("SELECT created_at FROM commands WHERE device = ? AND created_at > ?")
            .bind(device.to_string())
            .bind(now.plus_seconds(-HOUR_SECONDS).0)
            .fetch_all(&mut **tx)
            .await?;
    Ok(times.into_iter().map(Timestamp).collect())
}

async fn open_command(
    connection: &mut sqlx::SqliteConnection,
    device: &DeviceId,
) -> Result<Option<Command>, StoreError> {
    sqlx::query("SELECT * FROM commands WHERE device = ? AND due_at IS NOT NULL")
        .bind(device.to_string())
        .fetch_optional(connection)
        .await?
        .map(|row| command_from(&row))
        .transpose()
}

fn command_from(row: &SqliteRow) -> Result<Command, StoreError> {
    Ok(Command {
        id: CommandId(row.try_get::<Uuid, _>("id")?),
        kind: CommandKind::parse(row.try_get("kind")?)?,
        person: PersonId(row.try_get("person")?),
        device: row.try_get::<String, _>("device")?.parse()?,
        device_name: row.try_get("device_name")?,
        platform: Platform::parse(row.try_get("platform")?)?,
        policy: PasscodePolicy {
            min_length: row.try_get("min_length")?,
            maker: Maker::parse(row.try_get("maker")?)?,
        },
        state: CommandState::parse(row.try_get("state")?)?,
        failure: row.try_get::<Option<&str>, _>("failure")?.map(Failure::parse).transpose()?,
        created_at: Timestamp(row.try_get("created_at")?),
        deadline: Timestamp(row.try_get("deadline")?),
        sent_at: row.try_get::<Option<i64>, _>("sent_at")?.map(Timestamp),
        handle: row.try_get("handle")?,
    })
}
