//! One piece of a page a file.

pub mod bell;
pub mod countdown;
pub mod demo_accounts;
pub mod device_card;
pub mod device_facts;
pub mod device_picture;
pub mod footer;
pub mod frame;
pub mod header;
pub mod help;
pub mod next_steps;
pub mod notice;
pub mod notification_item;
pub mod passcode_offer;
pub mod passcode_shown;
pub mod password_form;
pub mod platform_table;
pub mod refused;
pub mod reset_offer;
pub mod reset_step_one;
pub mod reset_step_two;
pub mod session_list;
pub mod shell;
pub mod sign_in_form;
pub mod timeline;
pub mod when;
