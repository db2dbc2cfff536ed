//! A release carries the front end in itself, so it is built anew whenever that was.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A debug build reads the files while it runs, and would be built anew for nothing.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=../target/site/pkg");
        println!("cargo::rerun-if-changed=../public");
    }
}
