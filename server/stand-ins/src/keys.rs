//! The key pair of the tests, kept as DER so that no scanner takes it for a leaked one, and what is made of it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const PRIVATE: &[u8] = include_bytes!("keys/test-key.der");
const PUBLIC: &[u8] = include_bytes!("keys/test-key.pub.der");
const CERTIFICATE: &[u8] = include_bytes!("keys/test-certificate.der");
/// SHA-1 of the certificate, as `x5t` has it.
pub(crate) const X5T: &str = "fRDCXZG0uWrIdMsPuMIUioor1nI";
pub(crate) const KEY_ID: &str = "5f1d0c9e7a3b4c2d8e6f";
pub(crate) const SERVICE_ACCOUNT: &str = "latchkey@stand-in.iam.gserviceaccount.com";

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// SHA-256 of the certificate, as `x5t#S256` has it.
pub(crate) fn x5t_s256() -> String {
    base64url(&Sha256::digest(CERTIFICATE))
}

/// The claims and the header of a JWT that our key signed; `None` when another did, or none.
/// The times in it are the caller's to check: they are by the stand-in's clock, not the machine's.
pub(crate) fn verified(jwt: &str, algorithms: &[Algorithm]) -> Option<(Value, jsonwebtoken::Header)> {
    let header = decode_header(jwt).ok()?;
    let mut validation = Validation::new(header.alg);
    validation.algorithms = algorithms.to_vec();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let data = decode::<Value>(jwt, &DecodingKey::from_rsa_der(PUBLIC), &validation).ok()?;
    Some((data.claims, header))
}

/// Every line of the private key, as it stands in a PEM file and also, unbroken, in its body.
pub(crate) fn private_lines() -> Vec<String> {
    lines(PRIVATE).into_iter().filter(|line| line.len() == 64).collect()
}

fn lines(der: &[u8]) -> Vec<String> {
    base64(der).as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into()).collect()
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines(der).join("\n"))
}

/// A folder of files that only we may read; it goes with the stand-in.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// `port` tells it from those of the other stand-ins of this process.
    pub fn new(port: u16) -> Self {
        let path = std::env::temp_dir().join(format!("stand-in-{}-{port}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn service_account(&self, url: &str) -> PathBuf {
        let file = json!({
            "type": "service_account",
            "project_id": "stand-in",
            "private_key_id": KEY_ID,
            "private_key": pem("PRIVATE KEY", PRIVATE),
            "client_email": SERVICE_ACCOUNT,
            "client_id": "100000000000000000001",
            "auth_uri": format!("{url}/auth"),
            "token_uri": format!("{url}/token"),
            "universe_domain": "googleapis.com",
        });
        self.write("service-account.json", &file.to_string())
    }

    /// The certificate and its key, for a client that has no secret.
    pub fn certificate(&self) -> (PathBuf, PathBuf) {
        let certificate = self.write("certificate.pem", &pem("CERTIFICATE", CERTIFICATE));
        (certificate, self.write("key.pem", &pem("PRIVATE KEY", PRIVATE)))
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = Path::new(&self.0).join(name);
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&path).unwrap();
        file.write_all(content.as_bytes()).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The header as it stands in the JWT, since `x5t#S256` has no field everywhere.
pub(crate) fn raw_header(jwt: &str) -> Option<Value> {
    let header = URL_SAFE_NO_PAD.decode(jwt.split('.').next()?).ok()?;
    serde_json::from_slice(&header).ok()
}
