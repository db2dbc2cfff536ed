//! What goes over the wire to each MDM while a person's devices are listed, one is reset, and a reset is cancelled: pinned in
//! `wire/`, a file an MDM, to be read beside the MDM's own documents. `INSTA_UPDATE=always` writes them anew.

use std::collections::BTreeMap;
use std::fmt::Write;

use domain::Refusal;
use domain::command::CommandState;
use stand_ins::{Kind, System};

use super::conformance::{Outside, Scene, World};

#[tokio::test]
async fn what_intune_is_asked() {
    insta_of("intune", &told(Kind::Intune, System::Android).await);
}

#[tokio::test]
async fn what_nanomdm_is_asked() {
    insta_of("nanomdm", &told(Kind::NanoMdm, System::Ios).await);
}

#[tokio::test]
async fn what_android_management_is_asked() {
    insta_of("android", &told(Kind::Android, System::Android).await);
}

#[tokio::test]
async fn what_fleet_is_asked() {
    insta_of("fleet", &told(Kind::Fleet, System::Ios).await);
}

fn insta_of(name: &str, text: &str) {
    insta::with_settings!({ snapshot_path => "wire", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

async fn told(kind: Kind, system: System) -> String {
    let scene = Scene::of(World::new(kind, system).await).await;
    let mut all = String::new();
    let mut seen = 0;
    let mut chapter = |title: &str, scene: &Scene<World>| {
        let journal = scene.outside.mdm.journal();
        let _ = write!(all, "# {title}\n\n");
        all += &requests(&journal[seen..], &scene.outside.mdm.url);
        seen = journal.len();
    };
    let connector = scene.outside.connector();
    connector.devices_of(&scene.story.ana).await.unwrap();
    chapter("The devices of a person", &scene);
    connector.device_of(&scene.story.ana, &scene.outside.device()).await.unwrap();
    chapter("One device, before its reset is taken", &scene);
    scene.submit().await;
    scene.turn().await;
    chapter("The order, and whose the device is right before it", &scene);
    assert_eq!(scene.end().await, CommandState::Done);
    chapter("What became of it", &scene);

    scene.outside.set_online(&scene.outside.device(), false).await;
    scene.pass(60_000).await;
    scene.submit().await;
    scene.turn().await;
    if kind == Kind::NanoMdm {
        scene.go_on(40_000).await;
        chapter("Another order, and the device asked what became of it", &scene);
        return all;
    }
    chapter("Another order", &scene);
    let cancelled = scene.cancel().await;
    assert_eq!(cancelled, if connector.promises().cancels { Ok(()) } else { Err(Refusal::TooLateToCancel) });
    chapter("It is cancelled", &scene);
    all
}

/// As they were sent, without what is secret and what differs from run to run. A question that is repeated is told once.
fn requests(journal: &[stand_ins::Entry], url: &str) -> String {
    let mut all = Vec::<String>::new();
    for entry in journal {
        let mut told = format!("{} {}\n", entry.method, entry.path);
        let headers: BTreeMap<_, _> = entry.headers.iter().collect();
        for (name, value) in headers {
            match name.as_str() {
                "authorization" => {
                    let kind = value.split(' ').next().unwrap_or_default();
                    let _ = writeln!(told, "authorization: {kind} <secret>");
                }
                "content-type" | "content-length" if entry.body.is_empty() || name == "content-type" => {
                    let _ = writeln!(told, "{name}: {value}");
                }
                _ => {}
            }
        }
        if !entry.body.is_empty() {
            let _ = write!(told, "\n{}\n", entry.body.trim_end());
        }
        let _ = write!(told, "-> {}\n\n", entry.status);
        let told = without_secrets(&told.replace(url, "<url>"));
        let told = told.replace(&encoded(url), "<url>");
        if all.last() != Some(&told) {
            all.push(told);
        }
    }
    if all.is_empty() { "Nothing.\n\n".to_owned() } else { all.concat() }
}

fn encoded(url: &str) -> String {
    super::calls::segment(url)
}

fn without_secrets(text: &str) -> String {
    let mut text = text.to_owned();
    for (before, after, what) in [
        ("client_secret=", '\n', "<secret>"),
        ("\"newPassword\":\"", '"', "<passcode>"),
        ("<data>", '<', "<unlock token>"),
        ("operations/", '\n', "<operation>"),
        ("command_uuid=", '\n', "<uuid>"),
    ] {
        let Some(start) = text.find(before).map(|place| place + before.len()) else { continue };
        let rest = &text[start..];
        let length = rest.find([after, ':', '&']).unwrap_or(rest.len());
        text.replace_range(start..start + length, what);
    }
    without_uuids(&text)
}

/// Our own differ from run to run.
fn without_uuids(text: &str) -> String {
    let is_uuid = |part: &str| part.len() == 36 && uuid::Uuid::try_parse(part).is_ok();
    let parts = text.split_inclusive(|sign: char| !(sign.is_ascii_hexdigit() || sign == '-'));
    let blanked = parts.map(|part| {
        let word = part.trim_end_matches(|sign: char| !(sign.is_ascii_hexdigit() || sign == '-'));
        if is_uuid(word) { part.replacen(word, "<uuid>", 1) } else { part.to_owned() }
    });
    blanked.collect()
}
