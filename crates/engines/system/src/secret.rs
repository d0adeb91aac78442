//! A token's text, its hash, and how hashes are compared. It knows nothing of files or grants.

use std::fmt::Write as _;
use std::hint::black_box;

use sha2::{Digest, Sha256};

const PREFIX: &str = "ph_";
const RANDOM_BYTES: usize = 32;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A new token: `ph_` and 43 characters of base64url, which are 32 random bytes of the operating system.
///
/// The bytes come straight from `getrandom(2)`: a generator of our own in between could only lose some of them.
pub(crate) fn new_token() -> std::io::Result<String> {
    let mut random = [0; RANDOM_BYTES];
    let mut filled = 0;
    while filled < RANDOM_BYTES {
        match rustix::rand::getrandom(&mut random[filled..], rustix::rand::GetRandomFlags::empty()) {
            Ok(more) => filled += more,
            Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(format!("{PREFIX}{}", base64url(&random)))
}

/// SHA-256 of the token's text in lower-case hex, as `sha256sum` prints it.
///
/// A token has 256 random bits, so neither salt nor a slow hash would add anything: there is nothing to guess from.
pub(crate) fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string cannot fail");
        hex
    })
}

/// Whether two hashes are the same, in a time that does not tell where they differ.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && black_box(a.bytes().zip(b.bytes()).fold(0, |diff, (a, b)| black_box(diff | (a ^ b)))) == 0
}

/// RFC 4648, section 5, without padding.
fn base64url(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, i| bits << 8 | u32::from(chunk.get(i).copied().unwrap_or(0)));
        for sextet in 0..=chunk.len() {
            text.push(char::from(ALPHABET[(bits >> (18 - 6 * sextet) & 63) as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_is_as_the_rfc_says() {
        let cases = [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("foobar", "Zm9vYmFy")];
        for (plain, encoded) in cases {
            assert_eq!(base64url(plain.as_bytes()), encoded);
        }
        assert_eq!(base64url(&[0xfb, 0xff, 0xfe]), "-__-");
    }

    #[test]
    fn a_token_has_43_characters_after_its_prefix_and_no_two_are_alike() {
        let (one, other) = (new_token().unwrap(), new_token().unwrap());
        assert_eq!((one.len(), &one[..3]), (46, "ph_"));
        assert_ne!(one, other);
    }

    #[test]
    fn a_hash_is_what_sha256sum_prints() {
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn only_equal_hashes_are_the_same() {
        assert!(same("abc", "abc") && same("", ""));
        assert!(!same("abc", "abd") && !same("abc", "ab") && !same("", "a"));
    }
}
