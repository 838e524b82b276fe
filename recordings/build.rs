//! Rebuilds the crate when a migration is added: the folder is embedded by a macro, which Cargo cannot see into.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
