//! The `ci-tool` binary.

fn main() {}
