//! `latchkey audit export`.

use std::io::Write;

use domain::account::AuditEntry;

use crate::cli::{Audit, Format};
use crate::config::Config;
use crate::opened::Opened;

/// How many rows are read at once.
const ROWS: u32 = 1_000;
const COLUMNS: [&str; 7] = ["seq", "at", "event", "person", "user_name", "device", "command"];

pub async fn run(command: Audit, config: &Config) -> Result<(), String> {
    let Audit::Export { format } = command;
    let opened = Opened::from(config).await?;
    let mut out = Out::to(std::io::stdout().lock(), format)?;
    let mut seq = 0;
    loop {
        let rows = opened.store.audit_after(seq, ROWS).await.map_err(|error| error.to_string())?;
        let Some(last) = rows.last() else { break };
        seq = last.seq;
        for row in &rows {
            out.write(row)?;
        }
    }
    out.end()
}

enum Out<W: Write> {
    Json(W),
    Csv(Box<csv::Writer<W>>),
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
        match self {
            Self::Json(out) => {
                serde_json::to_writer(&mut *out, entry).map_err(failed)?;
                out.write_all(b"\n").map_err(failed)
            }
            Self::Csv(out) => out.write_record(fields(entry)).map_err(failed),
        }
    }

    fn end(self) -> Result<(), String> {
        match self {
            Self::Json(mut out) => out.flush().map_err(failed),
            Self::Csv(mut out) => out.flush().map_err(failed),
        }
    }
}

fn fields(entry: &AuditEntry) -> [String; 7] {
    [
        entry.seq.to_string(),
        entry.at.0.to_string(),
        inert(&entry.event),
        entry.person.map(|person| person.0.to_string()).unwrap_or_default(),
        inert(entry.user_name.as_deref().unwrap_or_default()),
        inert(entry.device.as_deref().unwrap_or_default()),
        entry.command.map(|command| command.0.to_string()).unwrap_or_default(),
    ]
}

/// A spreadsheet would carry out what begins like a formula.
fn inert(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn failed(error: impl std::fmt::Display) -> String {
    format!("the rows could not be written: {error}")
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    #[test]
    fn what_a_spreadsheet_takes_for_a_formula_is_text() {
        let entry = AuditEntry {
            seq: 1,
            at: Timestamp(2),
            event: "signed_in".to_owned(),
            person: None,
            user_name: Some("=cmd|' /C calc'!A0".to_owned()),
            device: Some("virtual.\"1\",2".to_owned()),
            command: None,
        };
        let mut written = Vec::new();
        let mut out = Out::to(&mut written, Format::Csv).unwrap();
        out.write(&entry).unwrap();
        out.end().unwrap();
        let text = String::from_utf8(written).unwrap();
        assert_eq!(
            text,
            "seq,at,event,person,user_name,device,command\n1,2,signed_in,,'=cmd|' /C calc'!A0,\"virtual.\"\"1\"\",2\",\n"
        );
    }
}
