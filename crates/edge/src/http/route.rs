//! The routes by name, for metrics and logs: neither may hold ids of users.

/// A path's template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    Position,
    Positions,
    Mark,
    Events,
    Video,
    Videos,
    Sql,
    Status,
    Backup,
    Compact,
    Topic,
    Pipelines,
    Pipeline,
    Rejects,
    Lineage,
    Redrive,
    Livez,
    Readyz,
    Metrics,
    OpenApi,
    Unknown,
}

impl Route {
    /// All of them, each at the place of its number.
    pub(crate) const ALL: [Self; 21] = [
        Self::Position,
        Self::Positions,
        Self::Mark,
        Self::Events,
        Self::Video,
        Self::Videos,
        Self::Sql,
        Self::Status,
        Self::Backup,
        Self::Compact,
        Self::Topic,
        Self::Pipelines,
        Self::Pipeline,
        Self::Rejects,
        Self::Lineage,
        Self::Redrive,
        Self::Livez,
        Self::Readyz,
        Self::Metrics,
        Self::OpenApi,
        Self::Unknown,
    ];

    /// The template, as the router has it.
    pub(crate) const fn template(self) -> &'static str {
        match self {
            Self::Position => "/v1/users/{user}/positions/{video}",
            Self::Positions => "/v1/users/{user}/positions",
            Self::Mark => "/v1/users/{user}/marks/{video}",
            Self::Events => "/v1/events",
            Self::Video => "/v1/videos/{video}",
            Self::Videos => "/v1/videos",
            Self::Sql => "/v1/sql",
            Self::Status => "/v1/admin/status",
            Self::Backup => "/v1/admin/backup",
            Self::Compact => "/v1/admin/compact",
            Self::Topic => "/v1/topics/{topic}",
            Self::Pipelines => "/v1/admin/pipelines",
            Self::Pipeline => "/v1/admin/pipelines/{pipeline}",
            Self::Rejects => "/v1/admin/pipelines/{pipeline}/rejects",
            Self::Lineage => "/v1/admin/pipelines/{pipeline}/lineage",
            Self::Redrive => "/v1/admin/pipelines/{pipeline}/redrive",
            Self::Livez => "/livez",
            Self::Readyz => "/readyz",
            Self::Metrics => "/metrics",
            Self::OpenApi => "/openapi.json",
            Self::Unknown => "unknown",
        }
    }

    /// The route of a path.
    pub(crate) fn of(path: &str) -> Self {
        if let Some(rest) = path.strip_prefix("/v1/users/") {
            return rest.split_once('/').map_or(Self::Unknown, |(_, below)| Self::of_user(below));
        }
        if let Some(video) = path.strip_prefix("/v1/videos/") {
            return if is_segment(video) { Self::Video } else { Self::Unknown };
        }
        if let Some(topic) = path.strip_prefix("/v1/topics/") {
            return if is_segment(topic) { Self::Topic } else { Self::Unknown };
        }
        if let Some(rest) = path.strip_prefix("/v1/admin/pipelines/") {
            return Self::of_pipeline(rest);
        }
        Self::ALL.into_iter().find(|route| route.template() == path).unwrap_or(Self::Unknown)
    }

    fn of_pipeline(rest: &str) -> Self {
        match rest.split_once('/') {
            None if is_segment(rest) => Self::Pipeline,
            Some((name, _)) if !is_segment(name) => Self::Unknown,
            Some((_, "rejects")) => Self::Rejects,
            Some((_, "lineage")) => Self::Lineage,
            Some((_, "redrive")) => Self::Redrive,
            _ => Self::Unknown,
        }
    }

    fn of_user(below: &str) -> Self {
        match below.split_once('/') {
            None if below == "positions" => Self::Positions,
            Some(("positions", video)) if is_segment(video) => Self::Position,
            Some(("marks", video)) if is_segment(video) => Self::Mark,
            _ => Self::Unknown,
        }
    }
}

fn is_segment(text: &str) -> bool {
    !text.is_empty() && !text.contains('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_its_own_route() {
        for (place, route) in Route::ALL.into_iter().enumerate() {
            assert_eq!(route as usize, place);
            let path = route.template().replace("{user}", "u1").replace("{video}", "v%2F1");
            let path = path.replace("{topic}", "orders").replace("{pipeline}", "orders");
            assert_eq!(Route::of(&path), route, "{path}");
        }
    }

    #[test]
    fn what_is_no_route_has_no_name() {
        for path in
            ["/", "/v1/users/u/positions/", "/v1/users/u/positions/a/b", "/v1/users/u", "/v1/videos/", "unknowns"]
        {
            assert_eq!(Route::of(path), Route::Unknown, "{path}");
        }
    }
}
