//! Which topics callers may write to: what a name looks like, and which are Playhead's own.

use anyhow::{Result, bail};
use playhead_watch::{VIDEOS, WATCH};

const NAME_BYTES_MAX: usize = 200;

/// Refuses a topic that is not for callers. Playhead's own facts come by their own ways alone: whoever wrote them by another
/// would stop the consumers of the program.
pub(super) fn check_topic(name: &str) -> Result<()> {
    if name == WATCH || name == VIDEOS {
        bail!(
            "the topic `{name}` is Playhead's own and cannot be written to: events and videos come by their own interfaces"
        );
    }
    if name.ends_with(".dlq") {
        bail!(
            "the topic `{name}` cannot be written to: those that end with `.dlq` hold dead letters, which consumers write"
        );
    }
    let follows = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let begins = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    if !begins || name.len() > NAME_BYTES_MAX || !name.bytes().all(follows) {
        bail!(
            "the topic {name:?} cannot be written to: a topic's name is 1 to {NAME_BYTES_MAX} of [A-Za-z0-9._-], a letter or \
             digit first"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_of_callers_are_told_from_those_of_playhead_and_from_what_is_no_name() {
        for name in ["order-service_orders", "a", "9.x", &"x".repeat(200)] {
            check_topic(name).expect(name);
        }
        for (name, why) in [
            ("watch", "Playhead's own"),
            ("videos", "Playhead's own"),
            ("orders.dlq", "dead letters"),
            ("", "1 to 200"),
            ("../x", "1 to 200"),
            ("a b", "1 to 200"),
            (".a", "1 to 200"),
            (&"x".repeat(201), "1 to 200"),
        ] {
            let refused = check_topic(name).expect_err(name).to_string();
            assert!(refused.contains("cannot be written to") && refused.contains(why), "{refused}");
        }
    }
}
