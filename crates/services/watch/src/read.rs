//! Reading positions: recent joined with the base.

use playhead_domain::{Position, State, UserId, VideoId};
use playhead_ports::{Base, BaseError, Held, Recent};

/// Something read, and whether a newer one may exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading<T> {
    /// What was read.
    pub value: T,
    /// The store of recent positions is away or catching up, so that an acknowledged write may be missing.
    pub stale: bool,
}

/// Why a read has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// More videos were named than one read may.
    #[error("video: at most {most} may be named, {named} were")]
    TooManyVideos {
        /// How many were named.
        named: usize,
        /// The limit.
        most: usize,
    },
    /// The base is away: try again.
    #[error("{0}")]
    Unavailable(String),
    /// What is stored is broken.
    #[error("{0}")]
    Broken(String),
}

impl From<BaseError> for ReadError {
    fn from(error: BaseError) -> Self {
        match error {
            BaseError::Unavailable(_) => Self::Unavailable(error.to_string()),
            BaseError::Broken(why) => Self::Broken(why),
        }
    }
}

/// The states of some videos of a user. Recent is asked before the base: what leaves recent in between is in the base.
pub(crate) async fn states(
    recent: &dyn Recent,
    base: &dyn Base,
    user: &UserId,
    videos: &[VideoId],
) -> Result<Reading<Vec<State>>, ReadError> {
    let (held, stale) = match recent.get(user, videos).await {
        Ok(held) => (held, false),
        Err(_) => (vec![Held::Absent; videos.len()], true),
    };
    let missing: Vec<VideoId> = held
        .iter()
        .zip(videos)
        .filter(|(held, _)| !matches!(held, Held::Whole(_)))
        .map(|(_, video)| video.clone())
        .collect();
    let mut stored = if missing.is_empty() { Vec::new() } else { base.get(user, &missing).await? }.into_iter();
    let value = held
        .into_iter()
        .map(|held| match held {
            Held::Whole(state) => state,
            Held::Delta(delta) => joined(stored.next().flatten(), &delta),
            Held::Absent => stored.next().flatten().unwrap_or_default(),
        })
        .collect();
    Ok(Reading { value, stale })
}

/// The positions of all of a user's videos.
pub(crate) async fn all_positions(
    recent: &dyn Recent,
    base: &dyn Base,
    user: &UserId,
) -> Result<Reading<Vec<(VideoId, Position)>>, ReadError> {
    let (held, stale) = match recent.by_user(user).await {
        Ok(held) => (held, false),
        Err(_) => (Vec::new(), true),
    };
    let mut states: std::collections::BTreeMap<VideoId, State> = base.by_user(user).await?.into_iter().collect();
    for (video, held) in held {
        match held {
            Held::Whole(state) | Held::Delta(state) => states.entry(video).or_default().join(&state),
            Held::Absent => {}
        }
    }
    let value = states
        .into_iter()
        .filter_map(|(video, state)| Position::of(&state).map(|position| (video, position)))
        .collect();
    Ok(Reading { value, stale })
}

fn joined(stored: Option<State>, delta: &State) -> State {
    let mut state = stored.unwrap_or_default();
    state.join(delta);
    state
}
