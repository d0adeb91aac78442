//! Flags of a client that were written before the command, such as `playhead --url URL top`: they are moved behind it, where
//! the commands that ask a server know them and the others refuse them.

use std::ffi::OsString;

const FLAGS: [&str; 3] = ["--url", "--grpc-url", "--token"];

/// The arguments with such flags behind the command's name.
pub(crate) fn moved(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args = args.into_iter();
    let mut ordered: Vec<OsString> = args.next().into_iter().collect();
    let (mut leading, mut awaits_value) = (Vec::new(), false);
    for arg in args.by_ref() {
        let text = arg.to_str().unwrap_or_default();
        let is_flag = FLAGS.contains(&text);
        let has_value = text.split_once('=').is_some_and(|(name, _)| FLAGS.contains(&name));
        if !(awaits_value || is_flag || has_value) {
            ordered.push(arg);
            break;
        }
        awaits_value = is_flag && !awaits_value;
        leading.push(arg);
    }
    ordered.extend(leading);
    ordered.extend(args);
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &str, expected: &str) {
        let args = given.split(' ').map(OsString::from);
        let joined: Vec<_> = moved(args).into_iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
        assert_eq!(joined.join(" "), expected);
    }

    #[test]
    fn flags_before_the_command_go_behind_it() {
        check("playhead --url u --token=t sql q --format csv", "playhead sql --url u --token=t q --format csv");
        check("playhead sql --url u q", "playhead sql --url u q");
        check("playhead --help", "playhead --help");
        check("playhead --url u", "playhead --url u");
        check("playhead --url --token sql", "playhead sql --url --token");
        check("playhead", "playhead");
    }
}
