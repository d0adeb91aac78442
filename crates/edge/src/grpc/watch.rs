//! The methods of `playhead.watch.v1.Watch`. The front has asked who calls and whether there is room.

use std::sync::Arc;

use playhead_contracts::watch as pb;
use playhead_contracts::watch::watch_server::Watch;
use playhead_domain::{MarkKind, VideoId};
use playhead_ports::Scope;
use playhead_watch::{Cursor, ListQuery, Receipt};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::message;
use super::stream::EventStream;
use crate::Edge;
use crate::auth::Viewer;
use crate::batch::{self, BATCH_MAX};
use crate::http::{cursor, id};
use crate::problem::{Problem, ProblemType};

const LIMIT_DEFAULT: u32 = 50;

/// The service.
#[derive(Clone)]
pub(crate) struct GrpcWatch {
    edge: Arc<Edge>,
}

impl GrpcWatch {
    pub(crate) fn new(edge: Arc<Edge>) -> Self {
        Self { edge }
    }

    async fn mark(&self, user: &str, video: &str, kind: MarkKind) -> Result<(), Problem> {
        Ok(self.edge.watch.mark(id(user)?, id(video)?, kind).await?)
    }
}

/// Who calls, as the front found out.
fn viewer<T>(request: &Request<T>) -> Result<Viewer, Problem> {
    let found = request.extensions().get::<Viewer>().cloned();
    found.ok_or_else(Problem::no_token)
}

#[tonic::async_trait]
impl Watch for GrpcWatch {
    async fn set_position(
        &self,
        request: Request<pb::SetPositionRequest>,
    ) -> Result<Response<pb::SetPositionResponse>, Status> {
        let request = request.into_inner();
        let event = request.event.ok_or_else(|| Problem::invalid_field("event", "must be given"))?;
        let receipt = Receipt { sent_time: message::sent_time(request.sent_time)?, backfill: false };
        let recorded = batch::record_one(&self.edge, message::event(&event)?, receipt).await?;
        Ok(Response::new(pb::SetPositionResponse {
            event_time: recorded.event_time.0,
            received_time: recorded.received_time.0,
        }))
    }

    async fn get_position(
        &self,
        request: Request<pb::GetPositionRequest>,
    ) -> Result<Response<pb::GetPositionResponse>, Status> {
        let request = request.into_inner();
        let (user, video) = (id(&request.user_id)?, id(&request.video_id)?);
        let read = self.edge.watch.positions(&user, std::slice::from_ref(&video)).await.map_err(Problem::from)?;
        let found = read.value.into_iter().next().flatten();
        let found =
            found.ok_or_else(|| Problem::new(ProblemType::NotFound, "nothing is known of this user and video"))?;
        let position = Some(message::position(&video, &found));
        Ok(Response::new(pb::GetPositionResponse { position, stale: read.stale }))
    }

    async fn get_positions(
        &self,
        request: Request<pb::GetPositionsRequest>,
    ) -> Result<Response<pb::GetPositionsResponse>, Status> {
        let request = request.into_inner();
        let user = id(&request.user_id)?;
        let videos = request.video_ids.iter().map(|text| id(text)).collect::<Result<Vec<VideoId>, _>>()?;
        let read = self.edge.watch.positions(&user, &videos).await.map_err(Problem::from)?;
        let known = videos.iter().zip(&read.value).filter_map(|(video, found)| Some((video, found.as_ref()?)));
        let positions = known.map(|(video, found)| message::position(video, found)).collect();
        Ok(Response::new(pb::GetPositionsResponse { positions, stale: read.stale }))
    }

    async fn list_positions(
        &self,
        request: Request<pb::ListPositionsRequest>,
    ) -> Result<Response<pb::ListPositionsResponse>, Status> {
        let request = request.into_inner();
        let most = self.edge.watch.page_max();
        let limit = usize::try_from(request.limit.unwrap_or(LIMIT_DEFAULT)).unwrap_or(usize::MAX);
        if !(1..=most).contains(&limit) {
            return Err(Problem::invalid_field("limit", format!("must be 1 to {most}")).into());
        }
        let after = message::given(&request.cursor).map(cursor).transpose()?;
        let query = ListQuery { limit, after, unfinished: request.unfinished };
        let read = self.edge.watch.list(&id(&request.user_id)?, &query).await.map_err(Problem::from)?;
        let positions = read.value.positions.iter().map(|(video, at)| message::position(video, at)).collect();
        let next_cursor = read.value.next.as_ref().map(Cursor::to_string).unwrap_or_default();
        Ok(Response::new(pb::ListPositionsResponse { positions, next_cursor, stale: read.stale }))
    }

    async fn record_events(
        &self,
        request: Request<pb::RecordEventsRequest>,
    ) -> Result<Response<pb::RecordEventsResponse>, Status> {
        let viewer = viewer(&request)?;
        let request = request.into_inner();
        viewer.may_record(request.backfill)?;
        if request.events.len() > BATCH_MAX {
            return Err(batch::too_many().into());
        }
        let receipt = Receipt { sent_time: message::sent_time(request.sent_time)?, backfill: request.backfill };
        let checked = request.events.iter().map(message::event).collect();
        let answers = batch::record(&self.edge, checked, receipt).await;
        if let Some(problem) = batch::shared_reason(&answers) {
            return Err(problem.clone().into());
        }
        let result = |answer: Result<_, _>| pb::EventResult { error: answer.err().map(message::event_error) };
        Ok(Response::new(pb::RecordEventsResponse { results: answers.into_iter().map(result).collect() }))
    }

    type StreamEventsStream = ReceiverStream<Result<pb::StreamEventsResponse, Status>>;

    async fn stream_events(
        &self,
        request: Request<Streaming<pb::StreamEventsRequest>>,
    ) -> Result<Response<Self::StreamEventsStream>, Status> {
        let viewer = viewer(&request)?;
        let room = self.edge.budgets.streams.enter()?;
        Ok(Response::new(EventStream::start(Arc::clone(&self.edge), viewer, room, request)))
    }

    async fn mark_watched(
        &self,
        request: Request<pb::MarkWatchedRequest>,
    ) -> Result<Response<pb::MarkWatchedResponse>, Status> {
        let request = request.into_inner();
        self.mark(&request.user_id, &request.video_id, MarkKind::Watched).await?;
        Ok(Response::new(pb::MarkWatchedResponse {}))
    }

    async fn mark_unwatched(
        &self,
        request: Request<pb::MarkUnwatchedRequest>,
    ) -> Result<Response<pb::MarkUnwatchedResponse>, Status> {
        let request = request.into_inner();
        self.mark(&request.user_id, &request.video_id, MarkKind::Unwatched).await?;
        Ok(Response::new(pb::MarkUnwatchedResponse {}))
    }

    async fn hide(&self, request: Request<pb::HideRequest>) -> Result<Response<pb::HideResponse>, Status> {
        let request = request.into_inner();
        self.mark(&request.user_id, &request.video_id, MarkKind::Hidden).await?;
        Ok(Response::new(pb::HideResponse {}))
    }

    async fn forget(&self, request: Request<pb::ForgetRequest>) -> Result<Response<pb::ForgetResponse>, Status> {
        let viewer = viewer(&request)?;
        let request = request.into_inner();
        let video = message::given(&request.video_id).map(id).transpose()?;
        viewer.may(if video.is_some() { Scope::Write } else { Scope::Admin })?;
        self.edge.watch.forget(id(&request.user_id)?, video).await.map_err(Problem::from)?;
        Ok(Response::new(pb::ForgetResponse {}))
    }
}
