use domain::audit::Event;
use domain::command::{
    Command, CommandId, CommandKind, CommandState, CommandStep, Failure, HOUR_SECONDS, Submission,
    SubmitFacts, may_submit,
};
use domain::device::{Device, DeviceId, FleetId, Platform};
use domain::freshness::GrantId;
use domain::notification::News;
use domain::passcode::{Maker, PasscodePolicy};
use domain::person::{Actor, PersonId};
use domain::ports::{Lease, Pause, Sealed, Settlement, StoreError};
use domain::{Refusal, Timestamp};
use uuid::Uuid;

use super::audit::{AuditRow, audit};
use super::names::Named;
use super::notifications::notify;
use super::passcodes::{arm_passcode, erase_older_passcodes, erase_passcode, keep_passcode, sealed_of};
use super::sessions::{grant_from, newest_grant_query};
use super::sql::{SqlStore, person_from};
use crate::database::{Engine, On, Row, Tx, query};

/// By their names: `*` would be another row when the next version has added a column, while this one runs.
macro_rules! columns {
    () => {
        "id, kind, person, device, device_name, platform, min_length, maker, state, failure, created_at, deadline, sent_at, \
         handle"
    };
}

/// The command that has been due for longest, of an MDM that is not busy.
macro_rules! due {
    () => {
        "SELECT id FROM commands WHERE due_at <= $2 AND replace($3, ',' || fleet || ',', '') = $3 ORDER BY due_at LIMIT 1"
    };
}
const DUE: &str = due!();
const CLAIM: &str = concat!(
    "UPDATE commands SET due_at = $1, fence = fence + 1 WHERE id = (",
    due!(),
    ") RETURNING fence, failures, ",
    columns!()
);
/// Past those that another replica is just claiming or settling.
const CLAIM_AMONG_REPLICAS: &str = concat!(
    "UPDATE commands SET due_at = $1, fence = fence + 1 WHERE id = (",
    due!(),
    " FOR UPDATE SKIP LOCKED) RETURNING fence, failures, ",
    columns!()
);

/// The newest grant of a session for a device, with every command of the device that says whether it may be spent.
const SUBMIT_FACTS: &str = concat!(
    "SELECT newest.*, c.id AS command, c.created_at AS submitted_at, c.due_at IS NOT NULL AS is_open,
            p.ciphertext IS NOT NULL AS keeps_passcode
     FROM (",
    newest_grant_query!(),
    ") AS newest
     LEFT JOIN commands c ON c.device = $2 AND (
         c.created_at > $4 OR c.due_at IS NOT NULL
         OR EXISTS (SELECT 1 FROM passcodes WHERE command = c.id AND ciphertext IS NOT NULL))
     LEFT JOIN passcodes p ON p.command = c.id"
);

macro_rules! spend {
    () => {
        "UPDATE grants SET spent_on = $1 WHERE id = $2"
    };
}
macro_rules! insert {
    () => {
        "INSERT INTO commands (id, kind, person, device, device_name, platform, min_length, maker, state,
                               created_at, deadline, due_at)
         VALUES ($1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    };
}
const SPEND: &str = spend!();
const INSERT: &str = insert!();
const INSERT_AND_SPEND: &str = concat!("WITH spent AS (", spend!(), ") ", insert!());

impl SqlStore {
    pub(super) async fn insert_command(
        &self,
        actor: &Actor,
        device: &Device,
        command: &Command,
        at_most_an_hour: usize,
        now: Timestamp,
    ) -> Result<Result<Submission, Refusal>, StoreError> {
        let mut tx = self.database.write().await?;
        let (facts, keeps_passcode) = submit_facts(&mut tx, actor, &device.id, now).await?;
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
                audit(&mut tx, row, now)?;
                tx.commit().await?;
                return Ok(Err(refusal));
            }
        };
        let mut erased = false;
        if let Submission::New(grant) = submission {
            self.write_command(&mut tx, command, grant, now).await?;
            if keeps_passcode {
                erased = erase_older_passcodes(&mut tx, &device.id).await?;
            }
        }
        tx.commit().await?;
        if erased {
            self.empty_log().await;
        }
        Ok(Ok(submission))
    }

    /// And spends the grant on it.
    async fn write_command(
        &self,
        tx: &mut Tx,
        command: &Command,
        grant: GrantId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let insert = match self.database.engine() {
            Engine::Postgres(_) => INSERT_AND_SPEND,
            Engine::Sqlite(_) => {
                query(SPEND).bind(command.id.0).bind(grant.0).execute(&mut *tx).await?;
                INSERT
            }
        };
        let insert = query(insert)
            .bind(command.id.0)
            .bind(grant.0)
            .bind(command.kind.name())
            .bind(command.person.0)
            .bind(command.device.to_string())
            .bind(&command.device_name)
            .bind(command.platform.name())
            .bind(command.policy.min_length)
            .bind(command.policy.maker.name())
            .bind(command.state.name())
            .bind(command.created_at)
            .bind(command.deadline)
            .bind(now);
        insert.execute(&mut *tx).await?;
        write_step(tx, command, command.state, now)?;
        audit_command(tx, command, Event::ResetSubmitted, now)
    }

    pub(super) async fn select_last_command(
        &self,
        person: PersonId,
        device: &DeviceId,
    ) -> Result<Option<Command>, StoreError> {
        query(concat!(
            "SELECT ",
            columns!(),
            " FROM commands WHERE person = $1 AND device = $2 ORDER BY created_at DESC, id DESC LIMIT 1"
        ))
        .bind(person.0)
        .bind(device.to_string())
        .fetch_optional(&self.database)
        .await?
        .map(|row| command_from(&row))
        .transpose()
    }

    pub(super) async fn select_last_commands(&self, person: PersonId) -> Result<Vec<Command>, StoreError> {
        query(concat!(
            "SELECT ",
            columns!(),
            " FROM (
                 SELECT *, row_number() OVER (PARTITION BY device ORDER BY created_at DESC, id DESC) AS place
                 FROM commands WHERE person = $1
             ) AS newest WHERE place = 1"
        ))
        .bind(person.0)
        .fetch_all(&self.database)
        .await?
        .iter()
        .map(command_from)
        .collect()
    }

    pub(super) async fn select_open_command(&self, device: &DeviceId) -> Result<Option<Command>, StoreError> {
        open_command(&self.database, device).await
    }

    pub(super) async fn select_command(&self, id: CommandId) -> Result<Option<Command>, StoreError> {
        query(concat!("SELECT ", columns!(), " FROM commands WHERE id = $1"))
            .bind(id.0)
            .fetch_optional(&self.database)
            .await?
            .map(|row| command_from(&row))
            .transpose()
    }

    pub(super) async fn select_steps(&self, command: CommandId) -> Result<Vec<CommandStep>, StoreError> {
        let rows = query("SELECT state, at FROM command_steps WHERE command = $1")
            .bind(command.0)
            .fetch_all(&self.database)
            .await?;
        let mut steps = rows
            .iter()
            .map(|row| {
                Ok(CommandStep {
                    state: CommandState::parse(&row.get::<String>("state")?)?,
                    at: row.get("at")?,
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
        let claim = |text| query(text).bind(until).bind(now).bind(&busy);
        let row = match self.database.engine() {
            // One statement, and nobody's turn: a claim waits for none of those who write.
            Engine::Postgres(_) => claim(CLAIM_AMONG_REPLICAS).fetch_optional(&self.database).await?,
            Engine::Sqlite(_) => {
                if claim(DUE).fetch_optional(&self.database).await?.is_none() {
                    return Ok(None);
                }
                let mut tx = self.database.write().await?;
                let row = claim(CLAIM).fetch_optional(&mut tx).await?;
                tx.commit().await?;
                row
            }
        };
        let Some(row) = row else { return Ok(None) };
        let command = command_from(&row)?;
        let owner = query("SELECT id, user_name, name, email, subject, it_admin FROM people WHERE id = $1")
            .bind(command.person.0)
            .fetch_one(&self.database)
            .await?;
        Ok(Some(Lease {
            owner: person_from(&owner)?,
            fence: row.get("fence")?,
            until,
            failures: row.get("failures")?,
            passcode: sealed_of(&self.database, command.id).await?,
            command,
        }))
    }

    pub(super) async fn update_renewed(&self, lease: &Lease, until: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.database.write().await?;
        let renewed =
            query("UPDATE commands SET due_at = $1 WHERE id = $2 AND fence = $3 AND due_at IS NOT NULL")
                .bind(until)
                .bind(lease.command.id.0)
                .bind(lease.fence)
                .execute(&mut tx)
                .await?;
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
        let moved = query(
            "UPDATE commands SET state = 'sending', sent_at = $1
             WHERE id = $2 AND fence = $3 AND state IN ('queued', 'sending') AND sent_at IS NULL",
        )
        .bind(now)
        .bind(lease.command.id.0)
        .bind(lease.fence)
        .execute(&mut tx)
        .await?;
        if moved == 0 {
            return Ok(false);
        }
        write_step(&mut tx, &lease.command, CommandState::Sending, now)?;
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
        let Some(command) = settle(&mut tx, settlement, now).await? else { return Ok(None) };
        tx.commit().await?;
        let kept = settlement.state == CommandState::Done || settlement.failure == Some(Failure::Unknown);
        if settlement.state.is_final() && !kept {
            self.empty_log().await;
        }
        Ok(Some(command.person))
    }

    pub(super) async fn update_released(&self, lease: &Lease, pause: Pause) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        query(
            "UPDATE commands SET due_at = $1, failures = $2, sent_at = CASE WHEN $3 THEN NULL ELSE sent_at END
             WHERE id = $4 AND fence = $5 AND due_at IS NOT NULL",
        )
        .bind(pause.due)
        .bind(pause.failures)
        .bind(pause.unsent)
        .bind(lease.command.id.0)
        .bind(lease.fence)
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }

    pub(super) async fn select_next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        query("SELECT min(due_at) FROM commands").value_if_any(&self.database).await
    }
}

/// The command as it was before; `None` when the state would not have moved forward or the lease was lost.
pub(super) async fn settle(
    tx: &mut Tx,
    settlement: &Settlement,
    now: Timestamp,
) -> Result<Option<Command>, StoreError> {
    let row =
        query(concat!("SELECT ", columns!(), " FROM commands WHERE id = $1 AND ($2 IS NULL OR fence = $2)"))
            .bind(settlement.command.0)
            .bind(settlement.fence)
            .fetch_optional(&mut *tx)
            .await?;
    let Some(row) = row else { return Ok(None) };
    let command = command_from(&row)?;
    let expected = !settlement.only_unsent || command.sent_at.is_none();
    if !expected || !command.state.may_become(settlement.state) {
        return Ok(None);
    }
    // Whoever has claimed it meanwhile says what becomes of it.
    let settled = query(
        "UPDATE commands SET state = $1, failure = $2, handle = coalesce($3, handle),
                             due_at = CASE WHEN $4 THEN NULL ELSE due_at END
         WHERE id = $5 AND ($6 IS NULL OR fence = $6)",
    )
    .bind(settlement.state.name())
    .bind(settlement.failure.map(Named::name))
    .bind(settlement.handle.as_deref())
    .bind(settlement.state.is_final())
    .bind(command.id.0)
    .bind(settlement.fence)
    .execute(&mut *tx)
    .await?;
    if settled == 0 {
        return Ok(None);
    }
    write_step(tx, &command, settlement.state, now)?;
    if settlement.state.is_final() {
        finish(tx, &command, settlement, now).await?;
    }
    Ok(Some(command))
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
    audit_command(tx, command, event, now)?;
    match News::of(settlement.state, settlement.failure) {
        Some(news) => notify(tx, command, news, now).await,
        None => Ok(()),
    }
}

fn write_step(tx: &mut Tx, command: &Command, state: CommandState, now: Timestamp) -> Result<(), StoreError> {
    tx.step(command.id.0, state.name(), now)?;
    tx.changed(command.person)
}

fn audit_command(tx: &mut Tx, command: &Command, event: Event, now: Timestamp) -> Result<(), StoreError> {
    let device = command.device.to_string();
    let row =
        AuditRow { person: Some(command.person), event, device: Some(&device), command: Some(command.id.0) };
    audit(tx, row, now)
}

/// In one question, because all who write wait for it. And whether the passcode of an earlier reset is kept.
async fn submit_facts(
    tx: &mut Tx,
    actor: &Actor,
    device: &DeviceId,
    now: Timestamp,
) -> Result<(SubmitFacts, bool), StoreError> {
    let an_hour_ago = now.plus_seconds(-HOUR_SECONDS);
    let rows = query(SUBMIT_FACTS)
        .bind(actor.session.0)
        .bind(device.to_string())
        .bind(actor.person.id.0)
        .bind(an_hour_ago)
        .fetch_all(tx)
        .await?;
    let mut facts = SubmitFacts::default();
    let mut keeps_passcode = false;
    for row in &rows {
        facts.grant = Some(grant_from(row, device)?);
        let Some(command) = row.maybe::<Uuid>("command")? else { continue };
        let submitted_at = row.get("submitted_at")?;
        if row.get("is_open")? {
            facts.open = Some(CommandId(command));
        }
        if an_hour_ago < submitted_at {
            facts.within_an_hour.push(submitted_at);
        }
        keeps_passcode |= row.get::<bool>("keeps_passcode")?;
    }
    Ok((facts, keeps_passcode))
}

async fn open_command(on: impl Into<On<'_>>, device: &DeviceId) -> Result<Option<Command>, StoreError> {
    query(concat!("SELECT ", columns!(), " FROM commands WHERE device = $1 AND due_at IS NOT NULL"))
        .bind(device.to_string())
        .fetch_optional(on)
        .await?
        .map(|row| command_from(&row))
        .transpose()
}

fn command_from(row: &Row) -> Result<Command, StoreError> {
    Ok(Command {
        id: CommandId(row.get::<Uuid>("id")?),
        kind: CommandKind::parse(&row.get::<String>("kind")?)?,
        person: PersonId(row.get("person")?),
        device: row.get::<String>("device")?.parse()?,
        device_name: row.get("device_name")?,
        platform: Platform::parse(&row.get::<String>("platform")?)?,
        policy: PasscodePolicy {
            min_length: row.get("min_length")?,
            maker: Maker::parse(&row.get::<String>("maker")?)?,
        },
        state: CommandState::parse(&row.get::<String>("state")?)?,
        failure: row.maybe::<String>("failure")?.as_deref().map(Failure::parse).transpose()?,
        created_at: row.get("created_at")?,
        deadline: row.get("deadline")?,
        sent_at: row.maybe("sent_at")?,
        handle: row.maybe("handle")?,
    })
}
