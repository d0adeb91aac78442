//! Reading positions: recent joined with the base.

use std::collections::BTreeMap;

use playhead_domain::{Offset, Position, State, UserId, VideoId};
use playhead_ports::{Base, BaseError, Held, Recent, RecentError, Veil};

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

/// The states of some videos of a user. Recent is asked before the base: what leaves recent in between is in the base, and a
/// forgetting that leaves it has been done there.
pub(crate) async fn states(
    recent: &dyn Recent,
    base: &dyn Base,
    user: &UserId,
    videos: &[VideoId],
) -> Result<Reading<Vec<State>>, ReadError> {
    let asked = async { Ok::<_, RecentError>((recent.get(user, videos).await?, recent.veil(user).await?)) };
    let (held, veil, stale) = match asked.await {
        Ok((held, veil)) => (held, veil, false),
        Err(_) => (vec![Held::Absent; videos.len()], Veil::default(), true),
    };
    let missing: Vec<VideoId> = held
        .iter()
        .zip(videos)
        .filter(|(held, _)| !matches!(held, Held::Whole(_)))
        .map(|(_, video)| video.clone())
        .collect();
    let stored = if missing.is_empty() { Vec::new() } else { base.get(user, &missing).await? };
    let mut stored = stored.into_iter().zip(&missing).map(|(state, video)| unveiled(state, veil.below(video)));
    let value = held
        .into_iter()
        .map(|held| match held {
            Held::Whole(state) => state,
            Held::Delta(delta) => joined(stored.next().unwrap_or_default(), &delta),
            Held::Absent => stored.next().unwrap_or_default(),
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
    let asked = async { Ok::<_, RecentError>((recent.by_user(user).await?, recent.veil(user).await?)) };
    let (held, veil, stale) = match asked.await {
        Ok((held, veil)) => (held, veil, false),
        Err(_) => (Vec::new(), Veil::default(), true),
    };
    let stored = base.by_user(user).await?.into_iter();
    let mut states: BTreeMap<VideoId, State> = stored
        .map(|(video, state)| {
            let below = veil.below(&video);
            (video, unveiled(Some(state), below))
        })
        .collect();
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

/// What the base has, less what is forgotten and the base has not heard of yet.
fn unveiled(stored: Option<State>, below: Offset) -> State {
    let mut state = stored.unwrap_or_default();
    state.forget_below(below);
    state
}

fn joined(mut stored: State, delta: &State) -> State {
    stored.join(delta);
    stored
}
