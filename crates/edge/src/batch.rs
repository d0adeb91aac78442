//! A batch of events on its way into the log: what is wrong with some must cost the others nothing, and every one
//! has its answer in its place. HTTP and gRPC share it.

use metrics::{Counter, counter};
use playhead_watch::{NewEvent, Receipt, Recorded};

use crate::Edge;
use crate::problem::{Problem, ProblemType};

/// The most events, or descriptions of videos, of one request or message.
pub(crate) const BATCH_MAX: usize = 10_000;

/// More entries than a batch may have.
pub(crate) fn too_many() -> Problem {
    Problem::at_limit(ProblemType::TooManyEvents, "batch-events", format!("a batch may have {BATCH_MAX} entries"))
}

/// What became of events, counted.
pub(crate) struct EventCounts {
    recorded: Counter,
    invalid: Counter,
    refused: Counter,
}

impl EventCounts {
    pub(crate) fn new() -> Self {
        let outcome = |name: &'static str| counter!("playhead_watch_events_total", "outcome" => name);
        Self { recorded: outcome("recorded"), invalid: outcome("invalid"), refused: outcome("refused") }
    }

    fn count(&self, answers: &[Result<Recorded, Problem>]) {
        let recorded = answers.iter().filter(|answer| answer.is_ok()).count();
        let invalid = answers.iter().filter(|answer| matches!(answer, Err(p) if !p.of.is_retryable())).count();
        self.recorded.increment(recorded as u64);
        self.invalid.increment(invalid as u64);
        self.refused.increment((answers.len() - recorded - invalid) as u64);
    }
}

/// Records those that are as they must be; an answer for each in its place.
pub(crate) async fn record(
    edge: &Edge,
    checked: Vec<Result<NewEvent, Problem>>,
    receipt: Receipt,
) -> Vec<Result<Recorded, Problem>> {
    let (events, places) = part(checked);
    let recorded = if events.is_empty() { Vec::new() } else { edge.watch.record(events, receipt).await };
    let answers = join(places, recorded);
    edge.counts.count(&answers);
    answers
}

/// Records one event.
pub(crate) async fn record_one(edge: &Edge, event: NewEvent, receipt: Receipt) -> Result<Recorded, Problem> {
    let answer = edge.watch.record_one(event, receipt).await.map_err(Problem::from);
    edge.counts.count(std::slice::from_ref(&answer));
    answer
}

/// Those that are as they must be, and for every place its problem, if it has one.
pub(crate) fn part<T>(checked: Vec<Result<T, Problem>>) -> (Vec<T>, Vec<Option<Problem>>) {
    let mut well = Vec::with_capacity(checked.len());
    let mut places = Vec::with_capacity(checked.len());
    for entry in checked {
        match entry {
            Ok(entry) => {
                well.push(entry);
                places.push(None);
            }
            Err(problem) => places.push(Some(problem)),
        }
    }
    (well, places)
}

/// The answers of [`part`]'s first half, back in their places among the problems of the second.
pub(crate) fn join<T, E>(places: Vec<Option<Problem>>, answers: Vec<Result<T, E>>) -> Vec<Result<T, Problem>>
where
    Problem: From<E>,
{
    let mut answers = answers.into_iter();
    places
        .into_iter()
        .map(|place| match place {
            Some(problem) => Err(problem),
            None => Ok(answers.next().expect("what is well has an answer")?),
        })
        .collect()
}

/// The one reason for which nothing of a batch was taken, if it may be taken later.
pub(crate) fn shared_reason<T>(answers: &[Result<T, Problem>]) -> Option<&Problem> {
    let first = answers.first()?.as_ref().err().filter(|problem| problem.of.is_retryable())?;
    let is_shared = answers.iter().all(|answer| matches!(answer, Err(problem) if problem.of == first.of));
    is_shared.then_some(first)
}
