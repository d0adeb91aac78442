//! A hash.

use std::fmt;

use bytes::Bytes;
use md5::Md5;
use sha2::{Digest as _, Sha256};
use smol_str::SmolStr;

use crate::spec::Algorithm;

/// A hash of 16 or 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    bytes: [u8; 32],
    length: u8,
}

impl Digest {
    /// The hash of these bytes.
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        match algorithm {
            Algorithm::Md5 => Self::from_slice(&Md5::digest(bytes)),
            Algorithm::Sha256 => Self::from_slice(&Sha256::digest(bytes)),
        }
    }

    fn from_slice(hash: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes[..hash.len()].copy_from_slice(hash);
        Self { bytes, length: if hash.len() == 16 { 16 } else { 32 } }
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// Its bytes, as a target takes them.
    pub fn to_bytes(self) -> Bytes {
        Bytes::copy_from_slice(self.as_bytes())
    }

    /// As hexadecimal text in upper case.
    pub fn to_text(self) -> SmolStr {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.as_bytes()) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        SmolStr::new(std::str::from_utf8(&text[..2 * self.as_bytes().len()]).expect("hexadecimal digits are UTF-8"))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
