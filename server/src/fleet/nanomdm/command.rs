//! The commands, as Apple's devices are told them. A command's name is its CommandUUID: NanoMDM takes two of one name for
//! one, and a device's result says no more than that name.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::command::CommandId;
use plist::{Dictionary, Value};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    Reset(CommandId),
    /// Whether what a reset was to do has happened.
    Probe {
        of: CommandId,
        number: u32,
    },
    /// What the device is.
    Information {
        device: String,
        number: i64,
    },
}

const PROBE: &str = ":probe-";
const INFORMATION: &str = ":information-";
const QUERIES: [&str; 5] = ["DeviceName", "ModelName", "ProductName", "OSVersion", "SerialNumber"];

impl Name {
    pub fn text(&self) -> String {
        match self {
            Self::Reset(id) => id.0.to_string(),
            Self::Probe { of, number } => format!("{}{PROBE}{number}", of.0),
            Self::Information { device, number } => format!("{device}{INFORMATION}{number}"),
        }
    }

    /// None: it is somebody else's.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((device, number)) = text.split_once(INFORMATION) {
            return Some(Self::Information { device: device.to_owned(), number: number.parse().ok()? });
        }
        let (id, number) = text.split_once(PROBE).map_or((text, None), |(id, number)| (id, Some(number)));
        let id = CommandId(Uuid::parse_str(id).ok()?);
        match number {
            None => Some(Self::Reset(id)),
            Some(number) => Some(Self::Probe { of: id, number: number.parse().ok()? }),
        }
    }
}

/// The token is kept as text: base64 of the bytes that the device gave.
pub fn clear_passcode(name: &Name, unlock_token: &SecretString) -> Vec<u8> {
    let bytes = STANDARD.decode(unlock_token.expose_secret()).unwrap_or_default();
    command(name, "ClearPasscode", [("UnlockToken", Value::Data(bytes))])
}

pub fn security_info(name: &Name) -> Vec<u8> {
    command(name, "SecurityInfo", [])
}

pub fn device_information(name: &Name) -> Vec<u8> {
    let queries = QUERIES.map(|query| Value::String(query.to_owned())).to_vec();
    command(name, "DeviceInformation", [("Queries", Value::Array(queries))])
}

fn command<const N: usize>(name: &Name, kind: &str, more: [(&str, Value); N]) -> Vec<u8> {
    let mut body = Dictionary::new();
    body.insert("RequestType".to_owned(), Value::String(kind.to_owned()));
    for (key, value) in more {
        body.insert(key.to_owned(), value);
    }
    let mut whole = Dictionary::new();
    whole.insert("Command".to_owned(), Value::Dictionary(body));
    whole.insert("CommandUUID".to_owned(), Value::String(name.text()));
    let mut written = Vec::new();
    // Into memory it is always written.
    let _ = Value::Dictionary(whole).to_writer_xml(&mut written);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back() {
        let id = CommandId(Uuid::from_u128(7));
        for name in [
            Name::Reset(id),
            Name::Probe { of: id, number: 3 },
            Name::Information { device: "00008110-AB".to_owned(), number: 7 },
        ] {
            assert_eq!(Name::parse(&name.text()), Some(name));
        }
        for text in ["", "another program's", "0000:probe-1", &format!("{}:probe-x", id.0)] {
            assert_eq!(Name::parse(text), None, "{text}");
        }
    }
}
