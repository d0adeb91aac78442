//! How state is kept as bytes: a version byte, then postcard. A reader knows every version that was ever written.

use serde::{Serialize, de::DeserializeOwned};

/// Bytes that are not what they should be.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Written by a newer program.
    #[error("stored by format version {0}, this program knows up to {known}", known = Stable::VERSION)]
    Version(u8),
    /// Not a value of this type.
    #[error("stored bytes are broken: {0}")]
    Broken(String),
}

/// The stable byte form of a value.
#[derive(Debug, Clone, Copy)]
pub struct Stable;

impl Stable {
    /// The version that is written.
    pub const VERSION: u8 = 1;

    /// Most values are no longer, so they are written without growing.
    const BYTES_USUAL: usize = 160;

    /// The value as bytes.
    ///
    /// # Panics
    /// Never for the types of this crate: postcard fails only on types of unknown length, which they do not have.
    pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::BYTES_USUAL);
        Self::encode_onto(&mut bytes, value);
        bytes
    }

    /// Appends the value's bytes.
    ///
    /// # Panics
    /// Never, as [`Self::encode`].
    pub fn encode_onto<T: Serialize>(bytes: &mut Vec<u8>, value: &T) {
        bytes.push(Self::VERSION);
        *bytes = postcard::to_extend(value, std::mem::take(bytes)).expect("a value of known length");
    }

    /// The value from its bytes.
    pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
        match bytes.split_first() {
            Some((&Self::VERSION, rest)) => {
                postcard::from_bytes(rest).map_err(|error| DecodeError::Broken(error.to_string()))
            }
            Some((&version, _)) => Err(DecodeError::Version(version)),
            None => Err(DecodeError::Broken("no bytes".into())),
        }
    }
}
