//! Treeherder.
fn main() {}
