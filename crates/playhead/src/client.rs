//! How the commands speak to a server: one blocking HTTP client with deadlines, and errors in words.
//!
//! It knows the form of a problem (RFC 9457), and nothing of what is asked.

use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Deserialize;

/// Where the server is, and who asks.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "The server")]
pub(crate) struct ClientArgs {
    /// The server's HTTP address
    #[arg(long, global = true, value_name = "URL", env = "PLAYHEAD_URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,

    /// A token that `playhead token create` has made; not needed on a loopback address without tokens
    #[arg(long, global = true, value_name = "TOKEN", env = "PLAYHEAD_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
}

/// The largest answer that is read into memory.
const ANSWER_BYTES_MAX: u64 = 1 << 30;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection pool to one server.
pub(crate) struct Client {
    agent: ureq::Agent,
    url: String,
    bearer: Option<String>,
}

/// An answer, good or bad.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// When to try again, if the server said so.
    pub(crate) retry_after: Option<Duration>,
    /// After how many rows it was cut, if its headers say that it was.
    pub(crate) cut_at: Option<usize>,
    /// All of it.
    pub(crate) body: Vec<u8>,
}

/// What a problem says (RFC 9457); every field may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    r#type: Option<String>,
    title: Option<String>,
    detail: Option<String>,
    field: Option<String>,
}

impl Client {
    /// A client whose requests end after `deadline`.
    pub(crate) fn new(args: &ClientArgs, deadline: Duration) -> anyhow::Result<Self> {
        let uri: ureq::http::Uri = args.url.parse().with_context(|| format!("--url `{}` is not a URL", args.url))?;
        if uri.scheme_str() != Some("http") {
            bail!("--url `{}` must begin with http:// (put a proxy in front of the server for TLS)", args.url);
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(deadline))
            .timeout_connect(Some(CONNECT_TIMEOUT.min(deadline)))
            .user_agent(concat!("playhead/", env!("CARGO_PKG_VERSION")))
            .build();
        let bearer = args.token.as_ref().map(|token| format!("Bearer {token}"));
        Ok(Self { agent: config.into(), url: args.url.trim_end_matches('/').to_owned(), bearer })
    }

    /// Posts a body. An error means that there was no answer.
    pub(crate) fn post(&self, path: &str, content_type: &str, body: &[u8]) -> anyhow::Result<Answer> {
        let mut request = self.agent.post(format!("{}{path}", self.url)).header("content-type", content_type);
        if let Some(bearer) = &self.bearer {
            request = request.header("authorization", bearer);
        }
        self.answer(request.send(body))
    }

    /// Gets. An error means that there was no answer.
    pub(crate) fn get(&self, path: &str) -> anyhow::Result<Answer> {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        if let Some(bearer) = &self.bearer {
            request = request.header("authorization", bearer);
        }
        self.answer(request.call())
    }

    fn answer(&self, answered: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> anyhow::Result<Answer> {
        let mut response = answered.map_err(|error| self.unreachable(&error))?;
        let header = |name: &str| response.headers().get(name)?.to_str().ok();
        let retry_after = header("retry-after").and_then(|value| value.parse().ok()).map(Duration::from_secs);
        let is_cut = header("x-truncated") == Some("true");
        let cut_at = header("x-rows-max").filter(|_| is_cut).and_then(|rows| rows.parse().ok());
        let body = response
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_to_vec()
            .map_err(|error| self.unreachable(&error))?;
        Ok(Answer { status: response.status().as_u16(), retry_after, cut_at, body })
    }

    fn unreachable(&self, error: &ureq::Error) -> anyhow::Error {
        match error {
            ureq::Error::Timeout(_) => anyhow::anyhow!("{} has not answered in time ({error})", self.url),
            _ => anyhow::anyhow!(
                "cannot reach {}: {error}; is `playhead serve` running there? (--url or PLAYHEAD_URL)",
                self.url
            ),
        }
    }
}

impl Answer {
    /// Whether the server did what it was asked for.
    pub(crate) fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the same request may do later.
    pub(crate) fn is_retryable(&self) -> bool {
        matches!(self.status, 408 | 429 | 502 | 503 | 504 | 507)
    }

    /// Why it did not, in words.
    pub(crate) fn reason(&self) -> String {
        let problem: Problem = serde_json::from_slice(&self.body).unwrap_or_default();
        let field = problem.field.map(|field| format!("{field}: ")).unwrap_or_default();
        let text = match (problem.title, problem.detail) {
            (_, Some(detail)) => format!("{field}{detail}"),
            (Some(title), None) => format!("{field}{title}"),
            (None, None) => shown(&String::from_utf8_lossy(&self.body)),
        };
        let is_forbidden = problem.r#type.is_some_and(|name| name.ends_with("forbidden"));
        let advice = match self.status {
            401 => " (--token or PLAYHEAD_TOKEN gives one)",
            403 if is_forbidden => " (`playhead token create` makes one that may)",
            _ => "",
        };
        let status = format!(" [HTTP {}]{advice}", self.status);
        // An engine shows the place below its words, where nothing must follow.
        match text.split_once('\n') {
            Some((first, place)) => format!("{first}{status}\n{place}"),
            None => text + &status,
        }
    }

    /// The body as JSON, or an error in words.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self) -> anyhow::Result<T> {
        if !self.is_ok() {
            bail!(self.reason());
        }
        serde_json::from_slice(&self.body)
            .context("the server's answer is not what this program knows: is --url its HTTP address?")
    }
}

/// A text as a part of a path or a query.
pub(crate) fn escaped(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(one).collect()
}

/// The beginning of a text that is no problem document.
fn shown(text: &str) -> String {
    const CHARS_SHOWN: usize = 200;
    let line = text.trim().chars().take(CHARS_SHOWN).collect::<String>();
    if line.is_empty() { "no reason given".to_owned() } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(status: u16, body: &str) -> String {
        Answer { status, retry_after: None, cut_at: None, body: body.into() }.reason()
    }

    #[test]
    fn a_problem_is_told_in_words() {
        let body = r#"{"type":"invalid-field","title":"A field is wrong","field":"query","detail":"only SELECT"}"#;
        assert_eq!(reason(400, body), "query: only SELECT [HTTP 400]");
        assert_eq!(reason(401, r#"{"title":"No token"}"#), "No token [HTTP 401] (--token or PLAYHEAD_TOKEN gives one)");
        assert_eq!(
            reason(403, r#"{"type":"urn:playhead:problem:query-refused","detail":"only SELECT"}"#),
            "only SELECT [HTTP 403]"
        );
        let drawn = r#"{"type":"query-invalid","detail":"no such column\n\nLINE 1: SELECT x\n               ^"}"#;
        assert_eq!(reason(409, drawn), "no such column [HTTP 409]\n\nLINE 1: SELECT x\n               ^");
        assert_eq!(reason(502, "<html>bad gateway"), "<html>bad gateway [HTTP 502]");
        assert_eq!(reason(500, ""), "no reason given [HTTP 500]");
    }

    #[test]
    fn a_text_of_any_kind_stands_in_a_path() {
        assert_eq!(escaped("a-b_c.d~9"), "a-b_c.d~9");
        assert_eq!(escaped("a/b?c=d&é "), "a%2Fb%3Fc%3Dd%26%C3%A9%20");
    }

    #[test]
    fn only_http_urls_are_taken() {
        let args = |url: &str| ClientArgs { url: url.to_owned(), token: None };
        assert!(Client::new(&args("https://example.org"), CONNECT_TIMEOUT).is_err());
        assert!(Client::new(&args("not a url"), CONNECT_TIMEOUT).is_err());
        assert!(Client::new(&args("http://127.0.0.1:8080/"), CONNECT_TIMEOUT).is_ok());
    }
}
