//! Sends lines in batches, again and again where that may help, until each has its answer.

use std::time::{Duration, Instant};

use anyhow::bail;
use serde::Deserialize;

use crate::client::{Answer, Client};

/// Given up when nothing has been taken for so long.
const PATIENCE: Duration = Duration::from_secs(120);
/// The same before the first answer: most likely the address is wrong.
const PATIENCE_AT_FIRST: Duration = Duration::from_secs(3);
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);
const PAYLOAD_TOO_LARGE: u16 = 413;

/// Sends to one server.
pub(super) struct Sender {
    client: Client,
    /// Lines in a request; halved when the server finds a body too large.
    batch_max: usize,
    was_answered: bool,
}

/// The server's word on a line: taken, or why not.
pub(super) type Verdict = Result<(), String>;

#[derive(Deserialize)]
struct Results {
    results: Vec<LineResult>,
}

#[derive(Deserialize)]
struct LineResult {
    status: String,
    #[serde(default)]
    field: Option<String>,
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    retryable: bool,
}

impl LineResult {
    fn reason(&self) -> String {
        let field = self.field.as_deref().filter(|field| !field.is_empty()).map(|field| format!("{field}: "));
        format!("{}{}", field.unwrap_or_default(), self.detail.as_deref().unwrap_or("refused"))
    }
}

impl Sender {
    pub(super) fn new(client: Client, batch_max: usize) -> Self {
        Self { client, batch_max, was_answered: false }
    }

    /// Sends lines of JSON; each has its answer in its place. An error means that the server could not be brought to answer.
    pub(super) fn send(&mut self, path: &str, lines: &[&str]) -> anyhow::Result<Vec<Verdict>> {
        let mut verdicts: Vec<Option<Verdict>> = vec![None; lines.len()];
        let mut pause = PAUSE_MIN;
        let mut moved = Instant::now();
        loop {
            let waiting: Vec<usize> =
                (0..lines.len()).filter(|&at| verdicts[at].is_none()).take(self.batch_max).collect();
            if waiting.is_empty() {
                return Ok(verdicts.into_iter().map(|verdict| verdict.expect("none waits")).collect());
            }
            let body = waiting.iter().flat_map(|&at| [lines[at], "\n"]).collect::<String>();
            let trouble = match self.client.post(path, "application/x-ndjson", body.as_bytes()) {
                Ok(answer) if answer.is_ok() => self.settle(&answer, &waiting, &mut verdicts)?,
                Ok(answer) if answer.status == PAYLOAD_TOO_LARGE => {
                    self.shrink(&answer, &waiting, &mut verdicts);
                    continue;
                }
                Ok(answer) if answer.is_retryable() => Some(Trouble::told(answer.reason(), &answer)),
                Ok(answer) => bail!(answer.reason()),
                Err(error) => Some(Trouble { why: format!("{error:#}"), after: None, was_answered: false }),
            };
            if waiting.iter().any(|&at| verdicts[at].is_some()) {
                (moved, pause) = (Instant::now(), PAUSE_MIN);
                self.was_answered = true;
            }
            let Some(trouble) = trouble else { continue };
            self.was_answered |= trouble.was_answered;
            if moved.elapsed() >= if self.was_answered { PATIENCE } else { PATIENCE_AT_FIRST } {
                bail!("{} (the same command goes on from here)", trouble.why);
            }
            if pause == PAUSE_MIN && self.was_answered {
                eprintln!("playhead: {}; trying again", trouble.why);
            }
            std::thread::sleep(trouble.after.unwrap_or(jittered(pause)).min(PAUSE_MAX));
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Takes the answers of a batch. Lines that may be taken later stay without; then there is trouble.
    fn settle(
        &self,
        answer: &Answer,
        waiting: &[usize],
        verdicts: &mut [Option<Verdict>],
    ) -> anyhow::Result<Option<Trouble>> {
        let results: Results = answer.json()?;
        if results.results.len() != waiting.len() {
            bail!("the server has answered for {} lines of {}", results.results.len(), waiting.len());
        }
        let mut trouble = None;
        for (&at, result) in waiting.iter().zip(&results.results) {
            if result.status == "ok" {
                verdicts[at] = Some(Ok(()));
            } else if result.retryable {
                trouble = Some(Trouble::told(result.reason(), answer));
            } else {
                verdicts[at] = Some(Err(result.reason()));
            }
        }
        Ok(trouble)
    }

    fn shrink(&mut self, answer: &Answer, waiting: &[usize], verdicts: &mut [Option<Verdict>]) {
        match waiting {
            [alone] => verdicts[*alone] = Some(Err(answer.reason())),
            _ => self.batch_max = waiting.len().div_ceil(2),
        }
    }
}

/// Why lines still wait.
struct Trouble {
    why: String,
    after: Option<Duration>,
    was_answered: bool,
}

impl Trouble {
    fn told(why: String, answer: &Answer) -> Self {
        Self { why, after: answer.retry_after, was_answered: true }
    }
}

/// Half to one and a half times the pause, so that several imports do not come back together. The clock's last digits are
/// random enough for that.
fn jittered(pause: Duration) -> Duration {
    let digits = jiff::Timestamp::now().subsec_nanosecond().unsigned_abs() / 1_000 % 1_000;
    pause / 2 + pause * digits / 1_000
}
