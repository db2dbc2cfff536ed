//! `latchkey audit export` and `latchkey audit verify`.

use std::io::Write;

use domain::Timestamp;
use domain::audit::{AuditEntry, Head, Link};
use domain::command::CommandId;
use domain::person::PersonId;
use domain::ports::Store;
use serde::Serialize;

use crate::cli::{Audit, Format};
use crate::config::Config;
use crate::opened::Opened;

/// How many rows are read at once.
const ROWS: u32 = 1_000;
const COLUMNS: [&str; 8] = ["seq", "at", "event", "person", "user_name", "device", "command", "link"];

pub async fn run(command: Audit, config: &Config) -> Result<(), String> {
    let store = Opened::from(config).await?.store;
    match command {
        Audit::Export { format } => {
            let mut out = Out::to(std::io::stdout().lock(), format)?;
            each(store.as_ref(), |row| out.write(row)).await?;
            out.end()
        }
        Audit::Verify { after } => {
            // Read first: what is written meanwhile only adds rows.
            let head = store.audit_head().await.map_err(|error| error.to_string())?;
            let told = after.as_deref().map(told).transpose()?;
            let mut chain = Chain::new([Some(head), told].into_iter().flatten().collect());
            each(store.as_ref(), |row| chain.take(row)).await?;
            println!("{}", chain.end()?);
            Ok(())
        }
    }
}

async fn each(
    store: &dyn Store,
    mut use_row: impl FnMut(&AuditEntry) -> Result<(), String>,
) -> Result<(), String> {
    let (mut seq, mut at_once) = (i64::MIN, ROWS);
    loop {
        let rows = match store.audit_after(seq, at_once).await {
            // So that the rows before the one that cannot be read are used first.
            Err(_) if at_once > 1 => {
                at_once = 1;
                continue;
            }
            rows => rows.map_err(|error| error.to_string())?,
        };
        let Some(last) = rows.last() else { return Ok(()) };
        seq = last.seq;
        rows.iter().try_for_each(&mut use_row)?;
    }
}

/// The rows so far, held against each other.
struct Chain {
    last: Head,
    /// The last row that is older than the chain.
    older: i64,
    /// What has to be among them.
    known: Vec<Head>,
}

impl Chain {
    fn new(known: Vec<Head>) -> Self {
        Self { last: Head { seq: 0, link: Link::NONE }, older: 0, known }
    }

    fn take(&mut self, row: &AuditEntry) -> Result<(), String> {
        let expected = self.last.seq + 1;
        if row.seq < 1 {
            return Err(broken(row.seq, "was never written"));
        }
        if row.seq != expected {
            return Err(broken(expected, "is missing"));
        }
        match row.link {
            None if self.older == self.last.seq => self.older = row.seq,
            None => return Err(broken(row.seq, "has no link to the row before")),
            Some(found) if found == self.last.link.next(row) => self.last.link = found,
            Some(_) => return Err(broken(row.seq, "is not as it was written")),
        }
        self.last.seq = row.seq;
        if self.known.iter().any(|known| known.seq == row.seq && known.link != self.last.link) {
            return Err(broken(row.seq, "is not the one that stood there"));
        }
        Ok(())
    }

    fn end(self) -> Result<String, String> {
        let next = self.last.seq + 1;
        if self.known.iter().any(|known| known.seq >= next) {
            return Err(broken(next, "is missing, and so is what came after it"));
        }
        let older = match self.older {
            0 => String::new(),
            older => format!(" Rows 1 to {older} are older than the chain."),
        };
        let Head { seq, link } = self.last;
        Ok(format!("{seq} rows, and none was changed.{older} The last one: {seq}:{link}"))
    }
}

fn broken(row: i64, how: &str) -> String {
    format!("row {row} of the audit {how}: somebody changed the database by hand")
}

/// As `verify` and an export write it.
fn told(text: &str) -> Result<Head, String> {
    let read = |text: &str| {
        let (seq, link) = text.split_once(':')?;
        Some(Head { seq: seq.parse().ok()?, link: link.parse().ok()? })
    };
    read(text).ok_or_else(|| format!("{text:?} is no row and its link, as in 12:5f0c… with 64 digits"))
}

enum Out<W: Write> {
    Json(W),
    Csv(Box<csv::Writer<W>>),
}

/// A row as a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    seq: i64,
    at: Timestamp,
    event: &'a str,
    person: Option<PersonId>,
    user_name: Option<&'a str>,
    device: Option<&'a str>,
    command: Option<CommandId>,
    link: Option<String>,
}

impl<W: Write> Out<W> {
    fn to(writer: W, format: Format) -> Result<Self, String> {
        Ok(match format {
            Format::Json => Self::Json(writer),
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(writer);
                writer.write_record(COLUMNS).map_err(failed)?;
                Self::Csv(Box::new(writer))
            }
        })
    }

    fn write(&mut self, entry: &AuditEntry) -> Result<(), String> {
        let line = Line {
            seq: entry.seq,
            at: entry.at,
            event: &entry.event,
            person: entry.person,
            user_name: entry.user_name.as_deref(),
            device: entry.device.as_deref(),
            command: entry.command,
            link: entry.link.map(|link| link.to_string()),
        };
        match self {
            Self::Json(out) => {
                serde_json::to_writer(&mut *out, &line).map_err(failed)?;
                out.write_all(b"\n").map_err(failed)
            }
            Self::Csv(out) => out.write_record(fields(line)).map_err(failed),
        }
    }

    fn end(self) -> Result<(), String> {
        match self {
            Self::Json(mut out) => out.flush().map_err(failed),
            Self::Csv(mut out) => out.flush().map_err(failed),
        }
    }
}

fn fields(line: Line<'_>) -> [String; COLUMNS.len()] {
    [
        line.seq.to_string(),
        line.at.0.to_string(),
        inert(line.event),
        line.person.map(|person| person.0.to_string()).unwrap_or_default(),
        inert(line.user_name.unwrap_or_default()),
        inert(line.device.unwrap_or_default()),
        line.command.map(|command| command.0.to_string()).unwrap_or_default(),
        line.link.unwrap_or_default(),
    ]
}

/// A spreadsheet would carry out what begins like a formula, at the beginning and after whatever separates its cells: in
/// some countries that is a semicolon.
fn inert(text: &str) -> String {
    let mut inert = String::new();
    let mut begins = true;
    for sign in text.chars() {
        if begins && matches!(sign, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n') {
            inert.push('\'');
        }
        inert.push(sign);
        begins = matches!(sign, ';' | ',' | '|' | '\t' | '\r' | '\n');
    }
    inert
}

fn failed(error: impl std::fmt::Display) -> String {
    format!("the rows could not be written: {error}")
}

#[cfg(test)]
mod tests {
    use domain::audit::Event;

    use super::*;

    fn rows(count: i64) -> Vec<AuditEntry> {
        let mut before = Link::NONE;
        (1..=count)
            .map(|seq| {
                let mut entry = entry(seq);
                before = before.next(&entry);
                entry.link = Some(before);
                entry
            })
            .collect()
    }

    fn entry(seq: i64) -> AuditEntry {
        AuditEntry {
            seq,
            at: Timestamp(2),
            event: Event::SignedIn.name().to_owned(),
            person: None,
            user_name: Some("=cmd|' /C calc'!A0".to_owned()),
            device: Some("virtual.\"1\",2".to_owned()),
            command: None,
            link: None,
        }
    }

    /// The head of five rows is known.
    fn verified(rows: &[AuditEntry]) -> Result<String, String> {
        let link = self::rows(5)[4].link.unwrap();
        let mut chain = Chain::new(vec![Head { seq: 5, link }]);
        rows.iter().try_for_each(|row| chain.take(row))?;
        chain.end()
    }

    fn first_broken(change: impl FnOnce(&mut Vec<AuditEntry>)) -> String {
        let mut rows = rows(5);
        change(&mut rows);
        verified(&rows).unwrap_err().split(": ").next().unwrap().to_owned()
    }

    #[test]
    fn the_first_row_that_was_tampered_with_is_named() {
        assert!(verified(&rows(5)).unwrap().starts_with("5 rows, and none was changed. The last one: 5:"));
        // Written while the others were read.
        assert!(verified(&rows(6)).is_ok());
        let changed = "row 3 of the audit is not as it was written";
        assert_eq!(first_broken(|rows| rows[2].at.0 += 1), changed);
        assert_eq!(first_broken(|rows| rows[2].event = "x".to_owned()), changed);
        assert_eq!(first_broken(|rows| rows[2].device = None), changed);
        assert_eq!(first_broken(|rows| rows[2].person = Some(PersonId(uuid::Uuid::nil()))), changed);
        assert_eq!(first_broken(|rows| rows[2].command = Some(CommandId(uuid::Uuid::nil()))), changed);
        assert_eq!(
            first_broken(|rows| rows[2].link = None),
            "row 3 of the audit has no link to the row before"
        );
        let gone = "row 3 of the audit is missing";
        assert_eq!(first_broken(|rows| drop(rows.remove(2))), gone);
        assert_eq!(first_broken(|rows| rows.truncate(2)), format!("{gone}, and so is what came after it"));
        assert_eq!(first_broken(Vec::clear), "row 1 of the audit is missing, and so is what came after it");
        let extra = |seq| move |rows: &mut Vec<AuditEntry>| rows.insert(0, entry(seq));
        assert_eq!(first_broken(extra(0)), "row 0 of the audit was never written");
        assert_eq!(first_broken(extra(-1)), "row -1 of the audit was never written");
        // Everything made anew, up to the head.
        let other = |rows: &mut Vec<AuditEntry>| {
            let mut before = Link::NONE;
            for row in rows {
                row.at.0 += 1;
                before = before.next(row);
                row.link = Some(before);
            }
        };
        assert_eq!(first_broken(other), "row 5 of the audit is not the one that stood there");
    }

    #[test]
    fn rows_older_than_the_chain_are_said() {
        let mut rows: Vec<_> = (1..=2).map(entry).collect();
        let mut third = entry(3);
        third.link = Some(Link::NONE.next(&third));
        rows.push(third.clone());
        let mut chain = Chain::new(vec![Head { seq: 3, link: third.link.unwrap() }]);
        rows.iter().try_for_each(|row| chain.take(row)).unwrap();
        assert!(chain.end().unwrap().contains("Rows 1 to 2 are older than the chain."));
    }

    #[test]
    fn a_row_that_was_written_down_elsewhere_is_read_back() {
        let head = Head { seq: 12, link: rows(1)[0].link.unwrap() };
        assert_eq!(told(&format!("12:{}", head.link)), Ok(head));
        for wrong in ["", "12", "12:", "x:00", "12:5f0c", &format!("12:{}", "ü".repeat(32))] {
            assert!(told(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_formula_in_the_middle_is_text_as_well() {
        assert_eq!(inert("x;=HYPERLINK(1);y"), "x;'=HYPERLINK(1);y");
        assert_eq!(inert("ana-maria@example.com"), "ana-maria@example.com");
    }

    #[test]
    fn what_a_spreadsheet_takes_for_a_formula_is_text() {
        let mut written = Vec::new();
        let mut out = Out::to(&mut written, Format::Csv).unwrap();
        out.write(&entry(1)).unwrap();
        out.end().unwrap();
        let text = String::from_utf8(written).unwrap();
        assert_eq!(
            text,
            "seq,at,event,person,user_name,device,command,link\n\
             1,2,signed_in,,'=cmd|' /C calc'!A0,\"virtual.\"\"1\"\",2\",,\n"
        );
    }
}
