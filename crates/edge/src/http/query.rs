//! The query part of a URL, read strictly: what is unknown or stands twice is an error that names it.

use axum::extract::Query;
use http::Uri;

use crate::problem::Problem;

/// The parameters that have not been taken yet.
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// The parameters of a URL.
    pub(crate) fn of(uri: &Uri) -> Result<Self, Problem> {
        if uri.query().is_none_or(str::is_empty) {
            return Ok(Self(Vec::new()));
        }
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|error| Problem::invalid_field("query", error.to_string()))?;
        Ok(Self(pairs.0))
    }

    /// The values of a parameter that may stand many times, in order.
    pub(crate) fn take_all(&mut self, name: &str) -> Vec<String> {
        self.0.extract_if(.., |(known, _)| known == name).map(|(_, value)| value).collect()
    }

    /// The value of a parameter that may stand once.
    pub(crate) fn take(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        let mut values = self.take_all(name);
        if values.len() > 1 {
            return Err(Problem::invalid_field(name, "may stand once, stands more often"));
        }
        Ok(values.pop())
    }

    /// `true` or `false`, in these letters; `false` where it is not given.
    pub(crate) fn take_flag(&mut self, name: &'static str) -> Result<bool, Problem> {
        match self.take(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Problem::invalid_field(name, "must be `true` or `false`")),
        }
    }

    /// A number in digits alone.
    pub(crate) fn take_number(&mut self, name: &'static str) -> Result<Option<u64>, Problem> {
        self.take(name)?.map(|text| number(name, &text)).transpose()
    }

    /// Refuses what nobody took.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        match self.0.into_iter().next() {
            Some((name, _)) => {
                let name: String = name.chars().take(64).collect();
                Err(Problem::invalid_field(name, "is no parameter of this path"))
            }
            None => Ok(()),
        }
    }
}

/// A number in digits alone, from a query or a header.
pub(crate) fn number(name: &'static str, text: &str) -> Result<u64, Problem> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_digits).ok_or_else(|| Problem::invalid_field(name, "must be a whole number from 0"))
}
