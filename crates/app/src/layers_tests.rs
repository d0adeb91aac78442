//! What the layers make of files, variables and flags.

use super::*;

fn file(text: &str) -> Result<Layers> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("playhead.toml");
    std::fs::write(&path, text)?;
    Layers::new()?.file(&path)
}

fn complaint(result: Result<Layers>) -> String {
    let error = result.err().expect("an error");
    let text = format!("{error:#}");
    // The folder is another one each time.
    text.rsplit_once('/').map_or(text.clone(), |(_, rest)| rest.to_owned())
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_nearest_name() {
    let found = complaint(file("data = \"x\"\n\n[watch]\nfuture_ms = 5\n"));
    assert_eq!(found, "playhead.toml:4: unknown key `watch.future_ms`; did you mean `watch.future_ms_max`?");
}

#[test]
fn a_value_of_another_type_is_named_with_its_line() {
    let found = complaint(file("[watch]\nfuture_ms_max = \"soon\"\n"));
    assert_eq!(found, "playhead.toml:2: `watch.future_ms_max` must be a whole number, is text");
}

#[test]
fn a_value_that_is_not_good_is_named() {
    assert!(complaint(file("http = \"nowhere\"\n")).starts_with("playhead.toml:1: `http`: invalid socket address"));
    assert!(complaint(file("roles = [\"cook\"]\n")).starts_with("playhead.toml:1: `roles`: unknown variant `cook`"));
}

#[test]
fn a_value_out_of_its_bounds_is_named_with_them_and_its_line() {
    let found = complaint(file("[edge]\nsql_rows_max = 0\n"));
    assert_eq!(found, "playhead.toml:2: `edge.sql_rows_max` must be 1 to 1000000000, is 0");
    assert!(complaint(file("[telemetry]\nlevel = \"inof\"\n")).contains("`inof` is no level"));
}

#[test]
fn environment_goes_over_the_file_and_flags_over_all() {
    let layers = file("http = \"127.0.0.1:1\"\ngrpc = \"127.0.0.1:1\"\ndata = \"a\"\n").expect("a good file");
    let variables = [("PLAYHEAD_HTTP", "127.0.0.1:2"), ("PLAYHEAD_DATA", "b"), ("PLAYHEAD_URL", "x"), ("HOME", "y")];
    let layers = layers.environment(variables.iter().map(|(a, b)| ((*a).into(), (*b).into()))).expect("good variables");
    let layers = layers.flag("--data", "data", "c").expect("a good flag");
    let config = layers.config().expect("a configuration");
    assert_eq!((config.http.port(), config.grpc.port(), config.data), (2, 1, PathBuf::from("c")));
    let origin = |key: &str| layers.settings().into_iter().find(|s| s.key == key).expect("a setting").origin;
    assert_eq!(origin("http"), Origin::Environment("PLAYHEAD_HTTP".into()));
    assert_eq!(origin("data"), Origin::Flag("--data".into()));
    assert_eq!(origin("watch.page_max"), Origin::Default);
}

#[test]
fn lists_and_sections_come_from_the_environment_too() {
    let variables = [("PLAYHEAD_ROLES", "edge, positions"), ("PLAYHEAD_WATCH__PAGE_MAX", "7")];
    let layers =
        Layers::new().expect("defaults").environment(variables.iter().map(|(a, b)| ((*a).into(), (*b).into())));
    let config = layers.expect("good variables").config().expect("a configuration");
    assert_eq!((config.roles.len(), config.watch.page_max), (2, 7));
    let wrong = [("PLAYHEAD_WACH__PAGE_MAX".to_owned(), "7".to_owned())];
    let error = Layers::new().expect("defaults").environment(wrong.into_iter()).err().expect("an error");
    assert!(format!("{error:#}").contains("did you mean `watch.page_max`?"), "{error:#}");
}

#[test]
fn nothing_is_suggested_for_a_key_that_is_like_no_other() {
    let variables = [("PLAYHEAD_FOO".to_owned(), "1".to_owned())];
    let error = Layers::new().expect("defaults").environment(variables.into_iter()).err().expect("an error");
    assert!(format!("{error:#}").ends_with("unknown key `foo`; `playhead config` lists every key"), "{error:#}");
}
