//! Many JSON values of one body, each read on its own: one that is broken loses no other.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::body::{BatchBody, BatchFormat};
use super::json::{self, Parsed};
use super::json_words;
use crate::batch::{BATCH_MAX, too_many};
use crate::problem::{Problem, ProblemType};

/// The entries of a body, in order.
pub(crate) fn entries<B: Parsed>(body: &BatchBody) -> Result<Vec<Result<B::Of<'_>, Problem>>, Problem> {
    match body.format {
        BatchFormat::Array => of_array::<B>(&body.bytes),
        BatchFormat::Lines => of_lines::<B>(&body.bytes),
    }
}

/// As a rule all entries are well, so they are read in one go; else each is cut out and read alone.
fn of_array<B: Parsed>(bytes: &[u8]) -> Result<Vec<Result<B::Of<'_>, Problem>>, Problem> {
    if let Ok(Array(entries)) = serde_json::from_slice::<Array<B::Of<'_>>>(bytes) {
        return if entries.len() > BATCH_MAX { Err(too_many()) } else { Ok(entries.into_iter().map(Ok).collect()) };
    }
    let Array(entries) = serde_json::from_slice::<Array<&RawValue>>(bytes)
        .map_err(|error| Problem::new(ProblemType::MalformedBody, json_words::not_array(&error, bytes)))?;
    if entries.len() > BATCH_MAX {
        return Err(too_many());
    }
    Ok(entries.into_iter().map(|entry| json::parse::<B>(entry.get().as_bytes())).collect())
}

fn of_lines<B: Parsed>(bytes: &[u8]) -> Result<Vec<Result<B::Of<'_>, Problem>>, Problem> {
    let lines = || bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    if lines().nth(BATCH_MAX).is_some() {
        return Err(too_many());
    }
    Ok(lines().map(json::parse::<B>).collect())
}

/// An array of which no more is kept than one entry past the limit.
struct Array<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Array<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ArrayVisitor(PhantomData))
    }
}

struct ArrayVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ArrayVisitor<T> {
    type Value = Array<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Array<T>, A::Error> {
        let mut entries = Vec::new();
        while entries.len() <= BATCH_MAX {
            match seq.next_element()? {
                Some(entry) => entries.push(entry),
                None => return Ok(Array(entries)),
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Array(entries))
    }
}
