//! Ids of a customer: opaque text, one text form everywhere (URLs, logs, tables).

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use smol_str::SmolStr;

use crate::Day;

/// What an id names; gives errors the field to speak of.
pub trait IdKind {
    /// The field's name in requests, records and tables.
    const FIELD: &'static str;
}

/// The kind of [`UserId`].
pub enum UserTag {}
/// The kind of [`VideoId`].
pub enum VideoTag {}
/// The kind of [`PlayId`].
pub enum PlayTag {}

impl IdKind for UserTag {
    const FIELD: &'static str = "user_id";
}
impl IdKind for VideoTag {
    const FIELD: &'static str = "video_id";
}
impl IdKind for PlayTag {
    const FIELD: &'static str = "play_id";
}

/// A viewer, by the id that the customer has for them.
pub type UserId = Id<UserTag>;
/// A video, by the id that the customer has for it.
pub type VideoId = Id<VideoTag>;
/// One playback of a video by a user.
pub type PlayId = Id<PlayTag>;

/// Opaque text of 1 to [`Id::BYTES_MAX`] bytes of `[A-Za-z0-9._:@-]`, ordered by its bytes. Cheap to clone.
pub struct Id<K> {
    text: SmolStr,
    kind: PhantomData<fn() -> K>,
}

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("must have 1 to 64 bytes, has none")]
    Empty,
    /// The text is longer than [`Id::BYTES_MAX`].
    #[error("must have 1 to 64 bytes, has {0}")]
    TooLong(usize),
    /// A byte outside of the alphabet.
    #[error("may only have [A-Za-z0-9._:@-], byte {at} is not one of them")]
    Alphabet {
        /// Where the byte stands, from 0.
        at: usize,
    },
}

impl<K> Id<K> {
    /// The longest an id may be.
    pub const BYTES_MAX: usize = 64;

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Takes text that this program stored itself, which may be a derived id.
    pub fn from_stored(text: &str) -> Self {
        Self { text: SmolStr::new(text), kind: PhantomData }
    }
}

/// Derived plays start with a byte that no caller's id may have, so that the two can never meet.
const DERIVED: char = '~';

impl PlayId {
    /// The play of all events of a day that came without a `play_id`.
    pub fn derived(day: Day) -> Self {
        Self::from_stored(&format!("{DERIVED}{day}"))
    }

    /// Whether the caller gave no `play_id`.
    pub fn is_derived(&self) -> bool {
        self.text.starts_with(DERIVED)
    }
}

impl<K> FromStr for Id<K> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.is_empty() {
            return Err(IdError::Empty);
        }
        if text.len() > Self::BYTES_MAX {
            return Err(IdError::TooLong(text.len()));
        }
        match text.bytes().position(|b| !is_id_byte(b)) {
            Some(at) => Err(IdError::Alphabet { at }),
            None => Ok(Self::from_stored(text)),
        }
    }
}

fn is_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'@' | b'-')
}

impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<K: IdKind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", K::FIELD, self.text)
    }
}

// By hand, because a derive would ask the same of the kind, which is never a value.
impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), kind: PhantomData }
    }
}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.as_bytes().cmp(other.text.as_bytes())
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
impl<'de, K> Deserialize<'de> for Id<K> {
    /// Reads what was stored, derived ids too; a caller's text comes in by [`FromStr`].
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&str>::deserialize(deserializer)?;
        if text.is_empty() || text.len() > Self::BYTES_MAX {
            return Err(de::Error::custom("a stored id must have 1 to 64 bytes"));
        }
        Ok(Self::from_stored(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_1_to_64_bytes_of_its_alphabet() {
        assert_eq!("".parse::<UserId>(), Err(IdError::Empty));
        assert_eq!("x".repeat(65).parse::<UserId>(), Err(IdError::TooLong(65)));
        assert_eq!("a b".parse::<VideoId>(), Err(IdError::Alphabet { at: 1 }));
        assert_eq!("~20260101".parse::<PlayId>(), Err(IdError::Alphabet { at: 0 }));
        assert_eq!("я".parse::<UserId>(), Err(IdError::Alphabet { at: 0 }));
        let id = "x".repeat(64);
        assert_eq!(id.parse::<UserId>().map(|u| u.to_string()), Ok(id));
        assert!("aZ09._:@-".parse::<UserId>().is_ok());
    }

    #[test]
    fn a_derived_play_tells_so() {
        let play = PlayId::derived(Day(0));
        assert_eq!(play.as_str(), "~1970-01-01");
        assert!(play.is_derived());
        assert!(!"1970-01-01".parse::<PlayId>().expect("an id").is_derived());
    }
}
