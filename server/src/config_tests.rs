use secrecy::ExposeSecret;

use super::*;

fn read(toml: &str, environment: &[(&str, &str)], flags: Flags) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("latchkey.toml");
    std::fs::write(&file, toml).unwrap();
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::read(Some(&file), environment.collect(), flags)
}

#[test]
fn flags_come_before_the_environment_and_that_before_the_file() {
    let toml = "[server]\nlisten = \"127.0.0.1:1\"\nmanagement_listen = \"127.0.0.1:1\"\npublic_url = \"http://localhost:1\"";
    let environment =
        [("LATCHKEY_SERVER__LISTEN", "127.0.0.1:2"), ("LATCHKEY_SERVER__MANAGEMENT_LISTEN", "127.0.0.1:2")];
    let config = read(toml, &environment, vec![("server.listen", "127.0.0.1:3".to_owned())]).unwrap();
    assert_eq!(config.server.listen.port(), 3);
    assert_eq!(config.server.management_listen.port(), 2);
    assert_eq!(config.server.public_url, "http://localhost:1");
    assert_eq!(config.sign_in.window_seconds, 300);
}

#[test]
fn a_key_that_nobody_reads_is_named() {
    let unknown = read("[server]\nlisten_on = \"127.0.0.1:1\"", &[], vec![]).unwrap_err();
    assert!(unknown.contains("listen_on"), "{unknown}");
    let unknown = read("", &[("LATCHKEY_SIGNIN__WINDOW_SECONDS", "60")], vec![]).unwrap_err();
    assert!(unknown.contains("signin"), "{unknown}");
    // What has no section is another program's.
    assert!(read("", &[("LATCHKEY_BIN", "x"), ("PATH", "y")], vec![]).is_ok());
}

#[test]
fn a_value_that_cannot_be_is_named_with_what_can() {
    for (key, value) in [
        ("LATCHKEY_SIGN_IN__WINDOW_SECONDS", "301"),
        ("LATCHKEY_LIMITS__RESETS_PER_DEVICE_AND_HOUR", "19"),
        ("LATCHKEY_SERVER__LISTEN", "everywhere"),
        ("LATCHKEY_SERVER__TRUSTED_PROXIES", "10.0.0.1, proxy"),
        ("LATCHKEY_DATABASE__URL", "mysql://x"),
        ("LATCHKEY_LOG__FORMAT", "xml"),
        ("LATCHKEY_ORGANISATION__COLOUR", "teal"),
        ("LATCHKEY_ORGANISATION__LOGO", "no-such-logo.svg"),
        ("LATCHKEY_ORGANISATION__PRIVACY_URL", "javascript:alert(1)"),
        ("LATCHKEY_ORGANISATION__TIME_ZONE", "Croatia"),
    ] {
        let refused = read("", &[(key, value)], vec![]).unwrap_err();
        println!("{refused}");
        assert!(refused.len() > 20, "{refused}");
    }
}

#[test]
fn a_text_stays_as_it_was_written() {
    let config = read("", &[("LATCHKEY_CONTACT__PHONE", "+15550100")], vec![]).unwrap();
    assert_eq!(config.contact.phone, "+15550100");
}

#[test]
fn proxies_are_a_list_in_a_file_and_a_line_in_the_environment() {
    let listed = read("[server]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]", &[], vec![]).unwrap();
    let lined = read("", &[("LATCHKEY_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, ::1")], vec![]).unwrap();
    assert_eq!(listed.server.proxies().unwrap(), lined.server.proxies().unwrap());
    assert_eq!(listed.server.proxies().unwrap().len(), 2);
}

#[test]
fn a_value_may_lie_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "sqlite:elsewhere.db\n").unwrap();
    let config = read("", &[("LATCHKEY_DATABASE__URL_FILE", secret.to_str().unwrap())], vec![]).unwrap();
    assert_eq!(config.database.url, "sqlite:elsewhere.db");
    let gone = read("", &[("LATCHKEY_DATABASE__URL_FILE", "/no/such/file")], vec![]).unwrap_err();
    assert!(gone.contains("LATCHKEY_DATABASE__URL_FILE"), "{gone}");
    // A setting that is called so is no place of another one.
    let config = read("", &[("LATCHKEY_SEAL__KEY_FILE", "/keys/one")], vec![]).unwrap();
    assert_eq!(config.seal.key_file, Path::new("/keys/one"));
}

#[test]
fn identity_providers_are_listed_in_a_file_or_in_the_environment() {
    let toml = "[[oidc]]\nid = \"entra\"\nissuer = \"https://a.example\"\nclient_id = \"1\"\n\
                [[oidc]]\nid = \"old-one\"\nissuer = \"https://b.example\"\nclient_id = \"2\"";
    let environment = [
        ("LATCHKEY_OIDC__OLD_ONE__CLIENT_SECRET", "k7Qp"),
        ("LATCHKEY_OIDC__0__CLIENT_SECRET", "first"),
        ("LATCHKEY_OIDC__LAST_ONE__ISSUER", "http://127.0.0.1:9"),
        ("LATCHKEY_OIDC__LAST_ONE__CLIENT_ID", "3"),
        ("LATCHKEY_OIDC__LAST_ONE__ACR_VALUES", "mfa phr"),
    ];
    let config = read(toml, &environment, vec![]).unwrap();
    let told: Vec<_> = config
        .oidc
        .iter()
        .map(|one| (one.id.as_str(), one.client_id.as_str(), one.client_secret.expose_secret()))
        .collect();
    assert_eq!(told, [("entra", "1", "first"), ("old-one", "2", "k7Qp"), ("last-one", "3", "")]);
    assert_eq!(config.oidc[2].acr_values, ["mfa", "phr"]);
    assert_eq!(config.oidc[2].scopes, ["openid", "profile", "email"]);
    assert!(!format!("{config:?}").contains("k7Qp"));

    let alone = [("LATCHKEY_OIDC__0__ISSUER", "https://a.example"), ("LATCHKEY_OIDC__0__CLIENT_ID", "1")];
    assert_eq!(read("", &alone, vec![]).unwrap().oidc[0].id, "0");
    // By a number that is no place in the file, and not from 0.
    let numbered = [
        ("LATCHKEY_OIDC__1__ISSUER", "https://a.example"),
        ("LATCHKEY_OIDC__1__CLIENT_ID", "1"),
        ("LATCHKEY_OIDC__365__ISSUER", "https://b.example"),
        ("LATCHKEY_OIDC__365__CLIENT_ID", "2"),
    ];
    let config = read("", &numbered, vec![]).unwrap();
    let told: Vec<_> = config.oidc.iter().map(|one| (one.id.as_str(), one.client_id.as_str())).collect();
    assert_eq!(told, [("1", "1"), ("365", "2")]);
    for (name, value, words) in [
        ("LATCHKEY_OIDC__0__ISSUER", "http://id.example.com", "https"),
        ("LATCHKEY_OIDC__0__CLIENT_ID", "", "client_id"),
        ("LATCHKEY_OIDC__0__SCOPES", "profile", "openid"),
        ("LATCHKEY_OIDC__0__ID", "a/b", "a/b"),
        ("LATCHKEY_OIDC__0__SECRET", "x", "secret"),
        ("LATCHKEY_OIDC__ISSUER", "https://a.example", "LATCHKEY_OIDC__ID__KEY"),
    ] {
        let refused = read("", &[&alone[..], &[(name, value)]].concat(), vec![]).unwrap_err();
        assert!(refused.contains(words), "{name}: {refused}");
    }
}

#[test]
fn a_providers_secret_may_lie_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "from a file\n").unwrap();
    let environment = [
        ("LATCHKEY_OIDC__ENTRA__ISSUER", "https://a.example"),
        ("LATCHKEY_OIDC__ENTRA__CLIENT_ID", "1"),
        ("LATCHKEY_OIDC__ENTRA__CLIENT_SECRET_FILE", secret.to_str().unwrap()),
    ];
    let config = read("", &environment, vec![]).unwrap();
    assert_eq!(config.oidc[0].client_secret.expose_secret(), "from a file");
}

#[test]
fn every_key_is_told_to_operators() {
    let told = include_str!("../../docs/operating.md");
    for key in keys() {
        assert!(told.contains(&format!("`{key}`")), "{key} is not in docs/operating.md");
    }
    for (list, keys) in lists() {
        assert!(told.contains(&format!("[[{list}]]")), "{list} is not in docs/operating.md");
        for key in keys {
            assert!(told.contains(&format!("| `{key}`")), "{key} of {list} is not in docs/operating.md");
        }
    }
}
