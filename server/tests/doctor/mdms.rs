//! What `latchkey doctor` says of MDMs: well, and broken in ten ways and more, each with its remedy and without a secret.

use std::time::Duration;

use stand_ins::{Fault, Kind};

use crate::support::{KINDS, Mdms, Program, Settings};

struct Scene {
    mdms: Mdms,
    program: Program,
}

impl Scene {
    async fn new() -> Self {
        let mdms = Mdms::start().await;
        let program = Program::start().await;
        Self { mdms, program }
    }

    /// Every line about this MDM, with these settings besides.
    fn doctor(&self, kind: Kind, more: Settings) -> Vec<String> {
        let public = ("server.public_url", "https://portal.example.com");
        let settings = [vec![public], self.mdms.settings(), more].concat();
        let examined = self.program.operate(&["doctor"], &settings, "");
        let said = [examined.stdout, examined.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        for secret in self.mdms.of(kind).secrets() {
            assert!(!said.contains(&secret), "{said}");
        }
        let about = format!("MDM {}", kind.name());
        said.lines().filter(|line| line.contains(&about)).map(str::to_owned).collect()
    }

    /// One line is wrong and says all of this; none is without a remedy.
    fn assert_wrong(&self, kind: Kind, more: Settings, words: &[&str]) {
        let lines = self.doctor(kind, more);
        let wrong: Vec<_> = lines.iter().filter(|line| line.starts_with("WRONG ")).collect();
        let says = |line: &&&String| words.iter().all(|word| line.contains(word));
        assert!(wrong.iter().any(|line| says(&line)), "{kind:?}, {words:?}: {lines:#?}");
        self.mdms.of(kind).recover();
    }

    fn setting(kind: Kind, key: &str, value: impl Into<String>) -> (&'static str, &'static str) {
        (format!("fleet.{}.{key}", kind.name()).leak(), value.into().leak())
    }
}

const fn secret(kind: Kind) -> &'static str {
    match kind {
        Kind::Intune => "client_secret",
        Kind::NanoMdm => "api_key",
        Kind::Android => "service_account_file",
        Kind::Fleet => "token",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mdms_with_which_all_is_well() {
    let scene = Scene::new().await;
    let served = Program::start_with_mdms(&scene.mdms, Vec::new()).await;
    for kind in KINDS {
        // NanoMDM's events are in the rows of the program that they were told.
        let scene = &scene;
        let public = ("server.public_url", "https://portal.example.com");
        let settings = [vec![public], scene.mdms.settings()].concat();
        let said = String::from_utf8(served.operate(&["doctor"], &settings, "").stdout).unwrap();
        let about = format!("MDM {}", kind.name());
        let lines: Vec<&str> = said.lines().filter(|line| line.contains(&about)).collect();
        assert!(!lines.is_empty() && lines.iter().all(|line| line.starts_with("ok ")), "{lines:#?}");
        assert!(said.contains("each of one person"), "{said}");
    }
    // It has looked, and reset nothing.
    for kind in KINDS {
        assert!(scene.mdms.orders(kind).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_mdm_broken_in_ten_ways() {
    let scene = Scene::new().await;
    let nobody =
        format!("http://{}", std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    for kind in KINDS {
        let mdm = scene.mdms.of(kind);
        let path = if kind == Kind::Android { format!("{nobody}/v1") } else { nobody.clone() };
        // Entra is asked first, and knows nothing of another Graph.
        let key = if kind == Kind::Intune { "login_url" } else { "url" };
        let elsewhere = vec![Scene::setting(kind, key, path)];
        scene.assert_wrong(kind, elsewhere, &["Look whether this machine reaches it", key]);
        mdm.set_credentials_wrong(true);
        scene.assert_wrong(kind, vec![], &[secret(kind)]);
        mdm.set_credentials_wrong(false);
        if kind != Kind::NanoMdm {
            mdm.forbid(true);
            let right = if kind == Kind::Intune { "Grant admin consent" } else { "role" };
            scene.assert_wrong(kind, vec![], &["403", right]);
            mdm.forbid(false);
        }
        for (fault, words) in [
            (
                Fault::Redirect("https://login.example.com/".to_owned()),
                ["sends us elsewhere", "to the address that answers itself"],
            ),
            (Fault::Html, ["cannot be read", "Something else answers there"]),
            (Fault::HalfJson, ["cannot be read", "own address"]),
            (Fault::Huge, ["longer than", "Look whether"]),
            (Fault::Throttle { retry_after: 9 }, ["a pause of 9 s", "Run this again"]),
            (Fault::Status(503), ["503", "look at its log"]),
            (Fault::Slow(Duration::from_secs(20)), ["takes too long", "raise `timeout_seconds`"]),
            (Fault::Cut, ["", "Look whether"]),
        ] {
            // A busy machine's own second is not the MDM's.
            let seconds = if matches!(fault, Fault::Slow(_)) { "1" } else { "5" };
            mdm.suffer(fault, usize::MAX);
            scene.assert_wrong(kind, vec![Scene::setting(kind, "timeout_seconds", seconds)], &words);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_intune_alone() {
    let scene = Scene::new().await;
    let set = |key, value: &str| vec![Scene::setting(Kind::Intune, key, value)];
    scene.assert_wrong(Kind::Intune, set("tenant", "11111111-1111-1111-1111-111111111111"), &["`tenant`"]);
    scene.assert_wrong(
        Kind::Intune,
        set("client_id", "11111111-1111-1111-1111-111111111111"),
        &["`client_id`"],
    );
    scene.assert_wrong(
        Kind::Intune,
        set("certificate_file", "/no/such/file.pem"),
        &["certificate_file", "cannot be read"],
    );
    scene.assert_wrong(
        Kind::Intune,
        set("certificate_file", "Cargo.toml"),
        &["has to hold a private RSA key"],
    );
    let another = set("graph_url", "http://127.0.0.1:9");
    scene.assert_wrong(Kind::Intune, another, &["`graph_url`", "of one cloud"]);

    // With its certificate in the place of a secret it is well.
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = scene.mdms.of(Kind::Intune).certificate_files();
    let both = [key, certificate].map(|file| std::fs::read_to_string(file).unwrap()).concat();
    let file = folder.path().join("both.pem");
    std::fs::write(&file, both).unwrap();
    let lines = scene.doctor(Kind::Intune, set("certificate_file", file.to_str().unwrap()));
    assert!(lines.iter().all(|line| line.starts_with("ok ")), "{lines:#?}");
    let asked = scene.mdms.of(Kind::Intune).journal();
    let token = asked.iter().rfind(|entry| entry.path.contains("/token")).unwrap();
    assert!(token.body.contains("client_assertion=") && !token.body.contains("client_secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_android_management_alone() {
    let scene = Scene::new().await;
    let set = |key, value: &str| vec![Scene::setting(Kind::Android, key, value)];
    scene.assert_wrong(Kind::Android, set("enterprise", "LC00another"), &["`enterprise`"]);
    scene.assert_wrong(Kind::Android, set("service_account_file", "/no/such.json"), &["cannot be read"]);
    scene.assert_wrong(Kind::Android, set("service_account_file", "Cargo.toml"), &["is not the JSON key"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_nanomdm_alone() {
    let scene = Scene::new().await;
    scene.assert_wrong(
        Kind::NanoMdm,
        vec![],
        &["none has come yet", "-webhook-url https://portal.example.com/webhooks/nanomdm"],
    );
    let served = Program::start_with_mdms(&scene.mdms, Vec::new()).await;
    let mdm = scene.mdms.of(Kind::NanoMdm);
    mdm.add(
        stand_ins::Phone::new("no-token", "Zoe's", stand_ins::System::Ios, "")
            .ready(stand_ins::Ready::NoToken),
    );
    mdm.advance().await;
    let public = ("server.public_url", "https://portal.example.com");
    let more = vec![
        ("owner.2.person", "ben@example.com"),
        ("owner.2.serial", "S-ana-nanomdm"),
        ("owner.3.person", "zoe@example.com"),
        ("owner.3.serial", "S-of-nothing"),
    ];
    let settings = [vec![public], scene.mdms.settings(), more].concat();
    let said = String::from_utf8(served.operate(&["doctor"], &settings, "").stdout).unwrap();
    assert!(
        said.contains("1 of 3 iPhones and iPads have not given theirs") && said.contains("enrol them again"),
        "{said}"
    );
    assert!(said.contains("S-of-nothing"), "{said}");
    mdm.change_serial("no-token", "S-of-another");
    mdm.advance().await;
    let disputed = String::from_utf8(served.operate(&["doctor"], &settings, "").stdout).unwrap();
    assert!(disputed.contains("no-token has said two different ones"), "{disputed}");
    assert!(said.contains("gives S-ana-nanomdm to more than one person"), "{said}");
}

/// An address that two people share is nobody's, and the doctor says which.
#[tokio::test(flavor = "multi_thread")]
async fn devices_that_two_people_would_own() {
    let scene = Scene::new().await;
    scene.mdms.of(Kind::Android).give_to(&Mdms::id(Kind::Android), "ana@example.com, ben@example.com");
    scene.assert_wrong(Kind::Android, vec![], &["ana-android", "more than one address"]);
    scene.mdms.of(Kind::Fleet).give_to(&Mdms::id(Kind::Fleet), "ana@example.com,ben@example.com");
    scene.assert_wrong(Kind::Fleet, vec![], &["41", "more than one address"]);
}
