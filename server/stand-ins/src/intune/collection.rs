//! Lists of devices, in pages.

use serde_json::{Map, Value, json};

use super::device::{context, device, selected};
use super::{error, failure, graph};
use crate::http::{Answer, Request};
use crate::world::World;

const PAGE: usize = 2;

pub(super) fn of_user(world: &mut World, request: &Request, user: &str) -> Answer {
    let known = world.people.iter().any(|known| !user.is_empty() && known.eq_ignore_ascii_case(user));
    if !known {
        let message = format!(
            "Resource '{user}' does not exist or one of its queried reference-property objects \
            are not present."
        );
        return failure(world, 404, "Request_ResourceNotFound", &message);
    }
    let has = |at: &usize| {
        let phone = &world.seats[*at].phone;
        phone.user_id == user || phone.email.eq_ignore_ascii_case(user)
    };
    let found: Vec<usize> = (0..world.seats.len()).filter(has).collect();
    list(world, request, &found)
}

pub(super) fn of_all(world: &mut World, request: &Request) -> Answer {
    list(world, request, &(0..world.seats.len()).collect::<Vec<_>>())
}

fn list(world: &mut World, request: &Request, seats: &[usize]) -> Answer {
    let there = seats.iter().filter(|at| !world.seats[**at].retired);
    let mut devices: Vec<_> = there.map(|at| device(world, *at)).collect();
    if let Some(filter) = request.query("$filter") {
        let Some((property, value)) = equality(filter) else { return error(world, 400) };
        if devices.first().is_some_and(|device| !device.contains_key(property)) {
            return error(world, 400);
        }
        devices.retain(|device| device[property].as_str() == Some(value.as_str()));
    }
    page(world, request, devices)
}

/// `property eq 'value'`, with quotes in the value doubled.
fn equality(filter: &str) -> Option<(&str, String)> {
    let (property, value) = filter.trim().split_once(" eq ")?;
    let value = value.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    Some((property.trim(), value.replace("''", "'")))
}

/// The second page is empty, though others follow: Graph warns of such pages.
fn page(world: &World, request: &Request, devices: Vec<Map<String, Value>>) -> Answer {
    let mut pages: Vec<&[Map<String, Value>]> = devices.chunks(PAGE).collect();
    if pages.len() > 1 {
        pages.insert(1, &[]);
    }
    let number: usize = request.query("$skiptoken").and_then(|token| token.parse().ok()).unwrap_or(0);
    let shown = pages.get(number).copied().unwrap_or_default().iter();
    let shown: Vec<Value> =
        shown.map(|device| selected(device.clone(), request.query("$select")).into()).collect();
    let mut body =
        json!({ "@odata.context": context(world, ""), "@odata.count": shown.len(), "value": shown });
    if number + 1 < pages.len() {
        body["@odata.nextLink"] = next_link(world, request, number + 1).into();
    }
    graph(200, &body)
}

fn next_link(world: &World, request: &Request, number: usize) -> String {
    let path = request.path.split('?').next().unwrap_or_default();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(request.query.iter().filter(|(name, _)| name != "$skiptoken"));
    query.append_pair("$skiptoken", &number.to_string());
    format!("{}{path}?{}", world.url, query.finish())
}
