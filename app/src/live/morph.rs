//! Makes one tree of elements like another and keeps what both have: the focus, what is being typed, an opened detail,
//! islands.

use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Node};

use super::all;

const ISLAND: &str = "LEPTOS-ISLAND";
const COMPONENT: &str = "data-component";
/// An island that lives, or was told to.
const KNOWN: &str = "data-known";
/// The place of something shown once, in answer to a form: a later page offers it in the same place, and does not take it
/// away.
const SHOWN: &str = "data-shown";
const OFFERED: &str = "data-offered";

/// Those that leptos wakes by itself.
pub fn know_islands() {
    for island in all("leptos-island") {
        let _ = island.set_attribute(KNOWN, "");
    }
}

pub fn exchange(old: &Element, new: &Element) {
    exchange_element(old, new);
    for island in all(&format!("leptos-island:not([{KNOWN}])")) {
        let _ = island.set_attribute(KNOWN, "");
        wake(&island);
    }
}

/// By leptos's own script.
fn wake(island: &Element) {
    let wake = js_sys::Reflect::get(&window(), &JsValue::from_str("__hydrateIsland"));
    if let Ok(wake) = wake.and_then(JsCast::dyn_into::<js_sys::Function>) {
        let component = island.get_attribute(COMPONENT).unwrap_or_default();
        let _ = wake.call2(&JsValue::NULL, island, &JsValue::from_str(&component));
    }
}

fn exchange_node(old: &Node, new: &Node) {
    match (old.dyn_ref::<Element>(), new.dyn_ref::<Element>()) {
        (Some(old), Some(new)) => exchange_element(old, new),
        _ if old.node_value() != new.node_value() => old.set_node_value(new.node_value().as_deref()),
        _ => {}
    }
}

fn exchange_element(old: &Element, new: &Element) {
    if old.has_attribute(SHOWN) && new.has_attribute(OFFERED) {
        return;
    }
    if old.tag_name() == ISLAND {
        if [COMPONENT, "data-props"].iter().any(|name| old.get_attribute(name) != new.get_attribute(name)) {
            let _ = old.replace_with_with_node_1(new);
        }
        return;
    }
    exchange_attributes(old, new);
    exchange_children(old, new);
}

fn exchange_attributes(old: &Element, new: &Element) {
    for name in names(old) {
        // A person opens details and is led to a heading, the server does neither.
        if !["open", "tabindex"].contains(&name.as_str()) && !new.has_attribute(&name) {
            let _ = old.remove_attribute(&name);
        }
    }
    for name in names(new) {
        let value = new.get_attribute(&name);
        if value != old.get_attribute(&name) {
            let _ = old.set_attribute(&name, &value.unwrap_or_default());
        }
    }
}

fn names(element: &Element) -> impl Iterator<Item = String> + use<> {
    element.get_attribute_names().into_iter().filter_map(|name| name.as_string())
}

fn exchange_children(old: &Node, new: &Node) {
    let new: Vec<Node> = children(new).collect();
    let mut place = old.first_child();
    for (count, node) in new.iter().enumerate() {
        // What has gone makes room first, so that nothing that stays has to move: what is moved loses the focus.
        while let Some(here) = place.take_if(|here| is_gone(here, &new[count..])) {
            place = here.next_sibling();
            let _ = old.remove_child(&here);
        }
        let found = match key(node) {
            Some(_) => {
                std::iter::successors(place.clone(), Node::next_sibling).find(|old| are_alike(old, node))
            }
            None => place.clone().filter(|old| are_alike(old, node)),
        };
        match found {
            Some(found) if Some(&found) == place.as_ref() => {
                // An island is replaced by another.
                place = found.next_sibling();
                exchange_node(&found, node);
            }
            Some(found) => {
                let _ = old.insert_before(&found, place.as_ref());
                exchange_node(&found, node);
            }
            None => {
                let _ = old.insert_before(node, place.as_ref());
            }
        }
    }
    while let Some(here) = place {
        place = here.next_sibling();
        let _ = old.remove_child(&here);
    }
}

fn children(node: &Node) -> impl Iterator<Item = Node> + use<> {
    std::iter::successors(node.first_child(), Node::next_sibling)
}

fn is_gone(old: &Node, new: &[Node]) -> bool {
    !new.iter().any(|new| are_alike(old, new))
}

fn are_alike(old: &Node, new: &Node) -> bool {
    old.node_name() == new.node_name() && key(old) == key(new) && kind(old) == kind(new)
}

/// What makes an element the same one, wherever it stands: its id, its heading, or what its buttons do. A button that
/// showed something must not become, under somebody's finger, the one that erases it.
fn key(node: &Node) -> Option<String> {
    let element = node.dyn_ref::<Element>()?;
    ["id", "aria-labelledby", "action", "data-at"].iter().find_map(|name| element.get_attribute(name))
}

/// A notice does not become the columns below it.
fn kind(node: &Node) -> Option<String> {
    let class = node.dyn_ref::<Element>()?.get_attribute("class")?;
    class.split(' ').next().map(str::to_owned)
}
