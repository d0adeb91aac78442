//! What a file of tokens promises, on real files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use playhead_domain::Timestamp;
use playhead_ports::Scopes;
use tempfile::TempDir;

use super::*;

struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp(1_700_000_000_000)
    }
}

fn data_dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Tokens that look at their file on each use.
fn tokens(data_dir: &TempDir) -> TokenFile {
    try_tokens(data_dir).unwrap()
}

fn try_tokens(data_dir: &TempDir) -> Result<TokenFile, TokenError> {
    TokenFile::open_looking_again(data_dir.path(), Arc::new(FixedClock), Duration::ZERO)
}

fn text_of(data_dir: &TempDir) -> String {
    fs::read_to_string(data_dir.path().join("tokens.json")).unwrap()
}

#[tokio::test]
async fn a_token_grants_what_it_was_made_for_until_it_is_revoked() {
    let dir = data_dir();
    let tokens = tokens(&dir);
    assert!(!tokens.any());
    let token = tokens.create("player", &[Scope::Write, Scope::Read, Scope::Read]).await.unwrap();
    assert!(tokens.any());
    let scopes: Scopes = [Scope::Write, Scope::Read].into_iter().collect();
    let granted = Grant { name: "player".into(), scopes };
    assert_eq!(tokens.grant(&token), Some(granted.clone()));
    assert_eq!(tokens.list().await.unwrap(), [granted]);
    for wrong in ["", "ph_", &token[..token.len() - 1], &format!("{token}A"), &token.replace("ph_", "PH_")] {
        assert_eq!(tokens.grant(wrong), None, "{wrong}");
    }
    tokens.revoke("player").await.unwrap();
    assert_eq!(tokens.grant(&token), None);
    assert!(!tokens.any());
}

#[tokio::test]
async fn a_name_is_taken_once_and_must_exist_to_be_revoked() {
    let dir = data_dir();
    let tokens = tokens(&dir);
    let first = tokens.create("site", &[Scope::Read]).await.unwrap();
    assert_eq!(tokens.create("site", &[Scope::Admin]).await, Err(TokenError::Taken("site".into())));
    assert!(tokens.grant(&first).is_some());
    assert_eq!(tokens.revoke("other").await, Err(TokenError::Missing("other".into())));
    for bad in ["", "a\nb", &"x".repeat(65)] {
        assert_eq!(tokens.create(bad, &[Scope::Read]).await, Err(TokenError::Name(bad.into())));
    }
}

#[tokio::test]
async fn a_second_reader_of_the_file_sees_each_change() {
    let dir = data_dir();
    let (server, cli) = (tokens(&dir), tokens(&dir));
    for round in 0..50 {
        let token = cli.create("a", &[Scope::Read]).await.unwrap();
        assert!(server.grant(&token).is_some(), "round {round}: made, and not seen");
        cli.revoke("a").await.unwrap();
        assert_eq!(server.grant(&token), None, "round {round}: revoked, and still good");
    }
}

#[tokio::test]
async fn a_server_notices_within_two_seconds() {
    let dir = data_dir();
    let server = TokenFile::open(dir.path(), Arc::new(FixedClock)).unwrap();
    let cli = TokenFile::open(dir.path(), Arc::new(FixedClock)).unwrap();
    let token = cli.create("a", &[Scope::Read]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(server.grant(&token).is_some());
}

#[tokio::test]
async fn the_file_has_no_token_in_it_and_only_its_owner_may_read_it() {
    let dir = data_dir();
    // A crash left a temporary file that all may read.
    let left = dir.path().join("tokens.json.tmp");
    fs::write(&left, "half of a").unwrap();
    fs::set_permissions(&left, fs::Permissions::from_mode(0o644)).unwrap();
    let token = tokens(&dir).create("a", &[Scope::Admin]).await.unwrap();
    let text = text_of(&dir);
    assert!(!text.contains(&token[3..]), "{text}");
    assert!(text.contains("\"created_ms\": 1700000000000"), "{text}");
    let mode = fs::metadata(dir.path().join("tokens.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!left.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tokens_made_at_once_are_all_there() {
    let dir = data_dir();
    // Each has its own lock and its own view, as processes have.
    let made: Vec<_> = (0..16)
        .map(|i| {
            let tokens = tokens(&dir);
            tokio::spawn(async move { tokens.create(&format!("service-{i:02}"), &[Scope::Write]).await })
        })
        .collect();
    let reader = tokens(&dir);
    for (i, task) in made.into_iter().enumerate() {
        let token = task.await.unwrap().unwrap();
        assert_eq!(reader.grant(&token).map(|grant| grant.name), Some(format!("service-{i:02}")));
    }
    assert_eq!(reader.list().await.unwrap().len(), 16);
}

#[tokio::test]
async fn a_broken_file_is_told_with_its_place_and_is_never_written_over() {
    let of_bad_hash = r#"{"version":1,"tokens":[{"name":"a","scopes":["read"],"sha256":"x","created_ms":1}]}"#;
    let cases = [
        ("", "line 1 column 0"),
        ("{\n\"version\": 1,\n\"tokens\": [", "line 3"),
        (r#"{"version":2,"grants":[]}"#, "is of version 2, this program reads version 1"),
        (r#"{"version":1,"tokens":[],"more":1}"#, "unknown field `more`"),
        (r#"{"version":1,"tokens":[{"name":"a","scopes":["root"],"sha256":"","created_ms":1}]}"#, "`root`"),
        (of_bad_hash, "`sha256` of the token `a`"),
    ];
    let dir = data_dir();
    let opened_before = tokens(&dir);
    for (text, why) in cases {
        fs::write(dir.path().join("tokens.json"), text).unwrap();
        let error = try_tokens(&dir).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains(why) && error.contains("tokens.json"), "{text}: {error}");
        assert!(matches!(opened_before.create("b", &[Scope::Read]).await, Err(TokenError::Unavailable(_))));
        assert_eq!(text_of(&dir), text);
    }
}

#[tokio::test]
async fn a_file_that_breaks_under_a_server_changes_nothing_and_one_that_vanishes_lets_nobody_in() {
    let dir = data_dir();
    let server = tokens(&dir);
    let token = server.create("a", &[Scope::Read]).await.unwrap();
    let (path, good) = (dir.path().join("tokens.json"), text_of(&dir));
    fs::write(&path, "{").unwrap();
    assert!(server.grant(&token).is_some());
    fs::remove_file(&path).unwrap();
    assert_eq!(server.grant(&token), None);
    assert!(server.any(), "a lost file must not open the server to all");
    fs::write(&path, good).unwrap();
    assert!(server.grant(&token).is_some());
}
