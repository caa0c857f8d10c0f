//! Ana's mail program: composes, sends, lists and reads.
fn main() {}
