//! The example file is one that works.

#[test]
fn the_example_file_is_valid() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/mta.example.toml");
    let config: Result<mta::Config, _> = agent::load(path.as_ref());
    config.expect("valid");
}
