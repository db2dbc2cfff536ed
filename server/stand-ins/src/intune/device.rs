//! A managedDevice as Graph shows it.

use serde_json::{Map, Value, json};

use super::{action, error, graph};
use crate::http::{Answer, Request};
use crate::phone::{Phone, Ready, System};
use crate::seat::{Passcode, Seat};
use crate::time::rfc3339;
use crate::world::World;

pub(super) fn answer(world: &mut World, request: &Request, id: &str) -> Answer {
    let Some(at) = world.find(id) else { return error(world, 404) };
    let mut device = device(world, at);
    // Only here: the lists leave the results out.
    device.insert("deviceActionResults".to_owned(), action::results(&world.seats[at]).into());
    let mut body = selected(device, request.query("$select"));
    body.insert("@odata.context".to_owned(), context(world, "/$entity").into());
    graph(200, &body.into())
}

pub(super) fn context(world: &World, of: &str) -> String {
    format!("{}/v1.0/$metadata#deviceManagement/managedDevices{of}", world.url)
}

pub(super) fn selected(mut device: Map<String, Value>, select: Option<&str>) -> Map<String, Value> {
    if let Some(select) = select {
        let wanted: Vec<&str> = select.split(',').map(str::trim).collect();
        device.retain(|name, _| wanted.contains(&name.as_str()));
    }
    device
}

pub(super) fn device(world: &World, at: usize) -> Map<String, Value> {
    let seat = &world.seats[at];
    let phone = &seat.phone;
    let [system, version, maker, model] = make_of(phone);
    let now = rfc3339(world.now());
    let device = json!({
        "id": phone.id,
        "userId": phone.user_id,
        "userPrincipalName": phone.email,
        "emailAddress": phone.email,
        "deviceName": phone.name,
        "managedDeviceName": format!("{}_{system}_{}", phone.user_id, phone.serial),
        "managedDeviceOwnerType": if phone.ready == Ready::Personal { "personal" } else { "company" },
        "operatingSystem": system,
        "osVersion": version,
        "manufacturer": maker,
        "model": model,
        "serialNumber": phone.serial,
        "complianceState": "compliant",
        "complianceGracePeriodExpirationDateTime": "9999-12-31T23:59:59Z",
        "lastSyncDateTime": now,
        "enrolledDateTime": "2026-01-15T08:00:00Z",
        "deviceEnrollmentType": enrolment(phone),
        "managementAgent": "mdm",
        "deviceRegistrationState": "registered",
        "isSupervised": phone.system == System::Ios && phone.ready != Ready::Personal,
        "isEncrypted": is_encrypted(seat),
        "azureADDeviceId": format!("azure-{}", phone.id),
        "jailBroken": "Unknown",
    });
    let Value::Object(device) = device else { unreachable!("it is written as an object") };
    device
}

fn is_encrypted(seat: &Seat) -> bool {
    seat.passcode != Passcode::None
}

fn make_of(phone: &Phone) -> [&'static str; 4] {
    let old = phone.ready == Ready::Old;
    match phone.system {
        System::Android if old => ["Android", "7.1", "Samsung", "SM-G930F"],
        System::Android => ["Android", "14.0", "Google", "Pixel 8"],
        System::Ios if old => ["iOS", "10.3.4", "Apple", "iPhone 5"],
        System::Ios => ["iOS", "17.5.1", "Apple", "iPhone 14"],
        System::MacOs => ["macOS", "14.5", "Apple", "MacBook Air"],
        System::Windows => ["Windows", "10.0.22631.3593", "Dell Inc.", "Latitude 5440"],
        System::Windows10Mobile => ["Windows 10 Mobile", "10.0.15254.603", "Microsoft", "Lumia 950"],
        System::WindowsPhone81 => ["Windows Phone 8.1", "8.10.14234.375", "Nokia", "Lumia 930"],
    }
}

fn enrolment(phone: &Phone) -> &'static str {
    match (phone.system, phone.ready) {
        (System::Ios, Ready::Personal) => "appleUserEnrollment",
        (System::Ios | System::MacOs, _) => "appleBulkWithUser",
        (System::Windows, _) => "windowsAzureADJoin",
        _ => "userEnrollment",
    }
}
