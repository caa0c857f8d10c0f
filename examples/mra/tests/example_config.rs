//! The example file is one that works.

#[test]
fn the_example_file_is_valid() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/mra.example.toml");
    let config: Result<mra::Config, _> = agent::load(path.as_ref());
    config.expect("valid");
}
