//! The example file is one that works.

#[test]
fn the_example_file_is_valid() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/mda.example.toml");
    let config: Result<mda::Config, _> = agent::load(path.as_ref());
    config.expect("valid");
}
