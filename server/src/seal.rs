//! Seals temporary passcodes, and what a browser keeps for us, with a key that lives beside the database, never in it.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use domain::ports::{Randomness, SealBroken, Sealed, Sealer};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::config::Config;

pub struct FileSealer {
    /// Seals and opens; what follows it only opens, so that a key can be changed while passcodes are sealed with it.
    keys: Vec<SealKey>,
    random: Arc<dyn Randomness>,
}

struct SealKey {
    cipher: XChaCha20Poly1305,
    id: String,
}

#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("the key file {0} can be read by others: type chmod 600 {0}")]
    TooOpen(PathBuf),
    #[error(
        "the key file {0} does not hold 32 bytes: restore it from the backup of the database it belongs to"
    )]
    WrongLength(PathBuf),
    #[error("the key file {0} is not there: take it out of seal.previous_key_file, or put it back")]
    Missing(PathBuf),
    #[error("the key file {0}: {1}")]
    Io(PathBuf, std::io::Error),
}

impl FileSealer {
    /// The keys that the settings name.
    pub fn from(config: &Config, random: Arc<dyn Randomness>) -> Result<Self, String> {
        let key = config.seal.key(&config.database)?;
        let previous = &config.seal.previous_key_file;
        let previous = (!previous.as_os_str().is_empty()).then_some(previous.as_path());
        Self::open(&key, previous, random).map_err(|error| error.to_string())
    }

    /// With a key that nobody else will ever have.
    pub fn without_file(random: Arc<dyn Randomness>) -> Self {
        let mut key = [0; 32];
        random.fill(&mut key);
        Self { keys: vec![SealKey::new(&key)], random }
    }

    /// Reads the key, or makes it with mode 0600 when there is none.
    pub fn open(
        path: &Path,
        previous: Option<&Path>,
        random: Arc<dyn Randomness>,
    ) -> Result<Self, KeyFileError> {
        let key = match read_key(path)? {
            Some(key) => key,
            None => make_key(path, random.as_ref())?,
        };
        let mut keys = vec![SealKey::new(&key)];
        if let Some(path) = previous {
            let key = read_key(path)?.ok_or_else(|| KeyFileError::Missing(path.to_owned()))?;
            keys.push(SealKey::new(&key));
        }
        Ok(Self { keys, random })
    }
}

impl SealKey {
    fn new(key: &[u8; 32]) -> Self {
        Self { cipher: XChaCha20Poly1305::new(&Key::from(*key)), id: key_id(key) }
    }
}

impl Sealer for FileSealer {
    fn seal(&self, row: &[u8], text: &SecretString) -> Sealed {
        let mut nonce = [0; 24];
        self.random.fill(&mut nonce);
        let payload = Payload { msg: text.expose_secret().as_bytes(), aad: row };
        let SealKey { cipher, id } = &self.keys[0];
        // Fails only for messages of more than 256 GiB.
        let ciphertext = cipher.encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        Sealed { key_id: id.clone(), nonce: nonce.to_vec(), ciphertext }
    }

    fn open(&self, row: &[u8], sealed: &Sealed) -> Result<SecretString, SealBroken> {
        let nonce: [u8; 24] = sealed.nonce.as_slice().try_into().map_err(|_| SealBroken)?;
        let key = self.keys.iter().find(|key| key.id == sealed.key_id).ok_or(SealBroken)?;
        let payload = Payload { msg: &sealed.ciphertext, aad: row };
        let plain = key.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| SealBroken)?;
        String::from_utf8(plain).map(SecretString::from).map_err(|_| SealBroken)
    }
}

fn read_key(path: &Path) -> Result<Option<[u8; 32]>, KeyFileError> {
    let failed = |error| KeyFileError::Io(path.to_owned(), error);
    let mut file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mode = file.metadata().map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeyFileError::TooOpen(path.to_owned()));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    bytes.try_into().map(Some).map_err(|_| KeyFileError::WrongLength(path.to_owned()))
}

fn make_key(path: &Path, random: &dyn Randomness) -> Result<[u8; 32], KeyFileError> {
    let failed = |error| KeyFileError::Io(path.to_owned(), error);
    let mut key = [0; 32];
    random.fill(&mut key);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(&key).and_then(|()| file.sync_all()).map_err(failed)?;
    Ok(key)
}

/// Names the key without telling it.
fn key_id(key: &[u8; 32]) -> String {
    let digest = Sha256::digest([b"latchkey key id".as_slice(), key].concat());
    digest[..4].iter().fold(String::new(), |id, byte| format!("{id}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    const ROW: &[u8] = b"a row";

    fn sealer(folder: &Path) -> FileSealer {
        FileSealer::open(&folder.join("seal.key"), None, Arc::new(SystemRandom)).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_its_row_alone() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = sealer(folder.path()).seal(ROW, &"k7Qp-canary".into());
        assert!(!sealed.ciphertext.windows(6).any(|w| w == b"canary"));
        // The key is read again, as after a restart.
        let reopened = sealer(folder.path());
        assert_eq!(reopened.open(ROW, &sealed).unwrap().expose_secret(), "k7Qp-canary");
        assert!(reopened.open(b"another", &sealed).is_err());
        let mut changed = sealed;
        changed.ciphertext[0] ^= 1;
        assert!(reopened.open(ROW, &changed).is_err());
    }

    #[test]
    fn a_key_can_be_changed_while_passcodes_are_sealed_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let old = folder.path().join("old.key");
        let open = |path: &Path, previous| FileSealer::open(path, previous, Arc::new(SystemRandom));
        let sealed = open(&old, None).unwrap().seal(ROW, &"k7Qp-canary".into());
        let new = folder.path().join("new.key");
        assert!(open(&new, None).unwrap().open(ROW, &sealed).is_err());
        let both = open(&new, Some(&old)).unwrap();
        assert_eq!(both.open(ROW, &sealed).unwrap().expose_secret(), "k7Qp-canary");
        let resealed = both.seal(ROW, &"k7Qp-canary".into());
        assert!(open(&new, None).unwrap().open(ROW, &resealed).is_ok());
        let gone = open(&new, Some(&folder.path().join("gone.key")));
        assert!(matches!(gone, Err(KeyFileError::Missing(_))));
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        drop(sealer(folder.path()));
        let path = folder.path().join("seal.key");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            FileSealer::open(&path, None, Arc::new(SystemRandom)),
            Err(KeyFileError::TooOpen(_))
        ));
    }
}
