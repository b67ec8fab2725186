//! catalog
fn main() {}
