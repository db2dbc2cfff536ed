//! Whose a device is, by what its MDM says of it and what the settings say. Whoever is not certain is nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::person::Person;

use crate::config::{OwnedBy, Owner};
use crate::doctor::some_of;

#[derive(Clone)]
pub struct Ownership {
    pub by: OwnedBy,
    map: Arc<Map>,
}

/// What the settings give to whom. An organisation's may be a million lines, and every page asks.
#[derive(Default)]
struct Map {
    /// By serial number.
    given: BTreeMap<String, Given>,
    /// The keys of the above by those whom they are given to.
    of: BTreeMap<String, BTreeSet<String>>,
}

struct Given {
    serial: String,
    /// None: to two at once, so it is nobody's.
    to: Option<String>,
}

/// What an MDM says of a device's owner.
#[derive(Default)]
pub struct Said<'m> {
    /// Every address it names.
    pub emails: Vec<&'m str>,
    pub subject: &'m str,
    pub serial: &'m str,
}

impl Ownership {
    pub fn new(by: OwnedBy, owners: &[Owner]) -> Self {
        let mut map = Map::default();
        for Owner { person, serial } in owners.iter().filter(|_| by == OwnedBy::Map) {
            if folded(serial).is_empty() {
                continue;
            }
            let given = map
                .given
                .entry(folded(serial))
                .or_insert_with(|| Given { serial: serial.clone(), to: Some(person.clone()) });
            given.to.take_if(|first| !same(first, person));
            map.of.entry(folded(person)).or_default().insert(folded(serial));
        }
        Self { by, map: Arc::new(map) }
    }

    pub fn is_owner(&self, person: &Person, said: &Said<'_>) -> bool {
        match self.by {
            OwnedBy::Email => {
                // An address that somebody else shares is nobody's.
                !said.emails.is_empty() && said.emails.iter().all(|email| same(email, &person.email))
            }
            OwnedBy::Subject => same(said.subject, &person.subject),
            OwnedBy::Map => {
                let given = self.map.given.get(&folded(said.serial));
                given.and_then(|given| given.to.as_ref()).is_some_and(|owner| is_meant(owner, person))
            }
        }
    }

    /// The serial numbers that the map gives to this person.
    pub fn serials_of(&self, person: &Person) -> Vec<&str> {
        let names = [&person.email, &person.user_name].map(|name| folded(name));
        let meant = names.iter().filter(|name| is_meant(name, person));
        let keys: BTreeSet<&String> = meant.filter_map(|name| self.map.of.get(name)).flatten().collect();
        let given = keys.into_iter().filter_map(|key| self.map.given.get(key));
        given.filter(|given| given.to.is_some()).map(|given| given.serial.as_str()).collect()
    }

    /// What the map gives to two people at once.
    pub fn ambiguous(&self) -> Vec<&str> {
        let given = self.map.given.values().filter(|given| given.to.is_none());
        given.map(|given| given.serial.as_str()).collect()
    }

    pub fn serials(&self) -> impl Iterator<Item = &str> {
        self.map.given.values().map(|given| given.serial.as_str())
    }
}

/// For the doctor: whether these addresses are one, or none.
pub fn is_one(emails: &[String]) -> bool {
    emails.iter().all(|email| same(email, &emails[0]))
}

/// For the doctor: what several people would own is nobody's.
pub fn shared_by_two<'m>(devices: impl Iterator<Item = &'m str>, remedy: &str) -> Result<String, String> {
    let devices: Vec<&str> = devices.collect();
    if devices.is_empty() {
        return Ok("no device has two".to_owned());
    }
    Err(format!("{} has more than one address {remedy}: nobody owns it now", some_of(&devices)))
}

/// An address is compared with addresses, and any other name with those of local accounts: what an identity provider says
/// of somebody is no user name of ours.
fn is_meant(owner: &str, person: &Person) -> bool {
    if owner.contains('@') {
        same(owner, &person.email)
    } else {
        !person.is_of_provider() && same(owner, &person.user_name)
    }
}

/// Nothing equals nothing.
fn same(one: &str, other: &str) -> bool {
    !one.trim().is_empty() && folded(one) == folded(other)
}

/// What is the same however it is written.
fn folded(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::person;

    fn map(lines: &[(&str, &str)]) -> Vec<Owner> {
        let owner = |(person, serial): &(&str, &str)| Owner {
            person: (*person).to_owned(),
            serial: (*serial).to_owned(),
        };
        lines.iter().map(owner).collect()
    }

    #[test]
    fn an_address_is_one_persons() {
        let ownership = Ownership::new(OwnedBy::Email, &[]);
        let owns = |emails: &[&str]| {
            ownership.is_owner(&person("ana"), &Said { emails: emails.to_vec(), ..Said::default() })
        };
        assert!(owns(&["ana@example.org"]) && owns(&["ANA@example.org", "ana@example.org"]));
        assert!(!owns(&[]) && !owns(&[""]) && !owns(&["ben@example.org"]));
        assert!(!owns(&["ana@example.org", "ben@example.org"]), "two owners are none");
        assert!(!ownership.is_owner(
            &Person { email: String::new(), ..person("ana") },
            &Said { emails: vec![""], ..Said::default() }
        ));
    }

    #[test]
    fn a_subject_is_what_the_directory_says() {
        let ownership = Ownership::new(OwnedBy::Subject, &[]);
        let ana = Person { subject: "7f".to_owned(), ..person("ana") };
        let owns =
            |person: &Person, subject| ownership.is_owner(person, &Said { subject, ..Said::default() });
        assert!(owns(&ana, "7f") && !owns(&ana, "8f") && !owns(&ana, "") && !owns(&person("ana"), ""));
    }

    #[test]
    fn a_serial_number_that_two_are_given_is_nobodys() {
        let lines = map(&[
            ("ana", "S1"),
            ("ana@example.org", "S2"),
            ("ben", "S3"),
            ("ana", "s3"),
            ("ana", "S4"),
            ("ANA", "S4"),
        ]);
        let ownership = Ownership::new(OwnedBy::Map, &lines);
        assert_eq!(ownership.serials_of(&person("ana")), ["S1", "S2", "S4"]);
        assert_eq!(ownership.serials_of(&person("ben")), Vec::<&str>::new());
        assert_eq!(ownership.ambiguous(), ["S3"]);
        let owns = |name, serial| ownership.is_owner(&person(name), &Said { serial, ..Said::default() });
        assert!(
            owns("ana", "s1")
                && !owns("ben", "S1")
                && !owns("ben", "S3")
                && !owns("ana", "S9")
                && !owns("ana", "")
        );
        // Somebody whom a provider calls "ana" is not the account of that name.
        let provided = Person { user_name: "ana https://id".to_owned(), ..person("x") };
        assert!(!ownership.is_owner(&provided, &Said { serial: "S1", ..Said::default() }));
        assert_eq!(ownership.serials_of(&provided), Vec::<&str>::new());
    }
}
