//! What every operation has in common, added to the document in one place: problems, security, what an id looks like.

use playhead_ports::{Scope, Table};
use playhead_watch::TABLES;
use serde_json::{Map, Value, json};

use crate::batch::BATCH_MAX;
use crate::problem::{PROBLEM_JSON, ProblemType};

const ID_PATTERN: &str = "^[A-Za-z0-9._:@-]+$";
const NAME_PATTERN: &str = "^[A-Za-z0-9][A-Za-z0-9._-]*$";
const METHODS: [&str; 4] = ["get", "put", "post", "delete"];
const TIME_MIN: i64 = 946_684_800_000;
const TIME_MAX: i64 = 253_402_300_799_999;

/// Adds it.
pub(super) fn apply(document: &mut Value) {
    document["components"]["securitySchemes"] = json!({ "bearer": {
        "type": "http", "scheme": "bearer", "description": "A service token, as `playhead token` makes it; each operation names the scope that it needs.",
    } });
    let paths = document["paths"].as_object_mut().expect("there are paths");
    for (path, item) in paths {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                operation_of(path, method, operation);
            }
        }
    }
    tables(document);
    lists(document);
    sequences(document);
}

/// Which tables may be asked, with their columns, as they are declared.
fn tables(document: &mut Value) {
    let table = |table: &Table| {
        let columns: Vec<_> = table.columns.iter().map(|column| column.name).collect();
        format!("- `{}` ({}): {}\n", table.name, columns.join(", "), table.comment)
    };
    let listed: String = TABLES.iter().map(table).collect();
    let description = &mut document["paths"]["/v1/sql"]["post"]["description"];
    *description = format!("{}\n\nTables:\n\n{listed}", description.as_str().unwrap_or_default()).into();
}

/// Says that no operation needs a token.
pub(super) fn remove_security(document: &mut Value) {
    for item in document["paths"].as_object_mut().expect("there are paths").values_mut() {
        for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            operation.as_object_mut().map(|operation| operation.remove("security"));
        }
    }
}

/// What a token must have for it. `?backfill=true` takes `backfill` beside it.
fn scope_of(path: &str, method: &str) -> Scope {
    match (path, method) {
        (path, _) if path.starts_with("/v1/admin/") => Scope::Admin,
        ("/v1/sql", _) => Scope::Analyst,
        ("/v1/users/{user}/positions", "delete") => Scope::Admin,
        (_, "get") => Scope::Read,
        _ => Scope::Write,
    }
}

fn operation_of(path: &str, method: &str, operation: &mut Value) {
    let has_body = operation.get("requestBody").is_some();
    if has_body {
        operation["requestBody"]["required"] = true.into();
    }
    if path.starts_with("/v1/") {
        operation["security"] = json!([{ "bearer": [scope_of(path, method).name()] }]);
    }
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        parameter_of(path, parameter);
    }
    let responses = operation["responses"].as_object_mut().expect("every operation has responses");
    for problem in ProblemType::ALL.into_iter().filter(|problem| may_occur(*problem, path, has_body)) {
        add_problem(responses, problem);
    }
    for response in responses.values_mut() {
        response["headers"]["x-request-id"] =
            json!({ "description": "The request's id.", "schema": { "type": "string" } });
    }
}

/// Whether a request to that path may be answered so.
fn may_occur(problem: ProblemType, path: &str, has_body: bool) -> bool {
    use ProblemType as P;
    let is_api = path.starts_with("/v1/");
    match problem {
        P::InvalidField | P::NotFound | P::MethodNotAllowed | P::HeaderTooLarge | P::Timeout | P::Internal => true,
        P::MalformedBody | P::UnsupportedMediaType | P::BodyTooLarge => has_body,
        P::TooManyEvents => ["/v1/events", "/v1/videos", "/v1/topics/{topic}"].contains(&path),
        P::QueryRefused | P::QueryInvalid | P::QueryTooLong | P::QueryTooLarge => path == "/v1/sql",
        P::Conflict => path.starts_with("/v1/admin/"),
        P::Unauthenticated | P::Forbidden | P::TooBusy => is_api,
        P::StorageFull | P::Unavailable | P::UnknownOutcome => is_api,
    }
}

fn add_problem(responses: &mut Map<String, Value>, problem: ProblemType) {
    let status = problem.status().as_u16().to_string();
    let name = format!("`{}`", problem.name());
    let Some(known) = responses.get_mut(&status) else {
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        let mut response = json!({ "description": name, "content": { PROBLEM_JSON: { "schema": schema } } });
        if problem.retry_after_s().is_some() {
            response["headers"]["retry-after"] =
                json!({ "description": "Seconds to wait.", "schema": { "type": "integer", "minimum": 0 } });
        }
        if problem == ProblemType::MethodNotAllowed {
            response["headers"]["allow"] =
                json!({ "description": "What can be done.", "schema": { "type": "string" } });
        }
        if matches!(problem, ProblemType::Unauthenticated | ProblemType::Forbidden) {
            response["headers"]["www-authenticate"] = json!({
                "description": "`Bearer` and what is wrong with the token: no `error` if none came, `invalid_token` if it is \
                    not known or was revoked, `insufficient_scope` with the scope that is needed.",
                "schema": { "type": "string" },
            });
        }
        responses.insert(status, response);
        return;
    };
    if known["description"].as_str().is_some_and(|text| text.starts_with('`')) {
        let description = format!("{}, {name}", known["description"].as_str().unwrap_or_default());
        known["description"] = description.into();
    } else {
        known["content"][PROBLEM_JSON] = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
    }
}

fn parameter_of(path: &str, parameter: &mut Value) {
    let id = json!({ "type": "string", "minLength": 1, "maxLength": 64, "pattern": ID_PATTERN });
    let schema = match parameter["name"].as_str().unwrap_or_default() {
        "user" => id,
        "topic" | "pipeline" => json!({ "type": "string", "minLength": 1, "maxLength": 200, "pattern": NAME_PATTERN }),
        "table" => json!({ "type": "string", "minLength": 1 }),
        "key" if path.ends_with("/lineage") => json!({
            "type": "array", "minItems": 1, "items": { "type": "string", "maxLength": 256, "pattern": r"^[^\x00]*$" },
        }),
        "key" => json!({ "type": "string", "minLength": 1, "maxLength": 64 }),
        "limit" if path.starts_with("/v1/admin/") => {
            json!({ "type": "integer", "minimum": 1, "maximum": 10_000, "default": 100 })
        }
        "video" if parameter["in"] == "path" => id,
        "video" => json!({ "type": "array", "items": id, "maxItems": 200 }),
        "limit" => json!({ "type": "integer", "minimum": 1, "maximum": 200, "default": 50 }),
        "cursor" => json!({ "type": "string", "pattern": r"^(0|[1-9][0-9]{0,14})\.[A-Za-z0-9._:@-]{1,64}$" }),
        "sent_time" => json!({ "type": "integer", "minimum": TIME_MIN, "maximum": TIME_MAX }),
        _ => json!({ "type": "boolean", "default": false }),
    };
    parameter["schema"] = schema;
}

/// A batch takes any value in an entry's place and answers for it there, so any value may stand there.
fn lists(document: &mut Value) {
    for (path, entry) in [("/v1/events", "Event"), ("/v1/videos", "Video")] {
        let content = &mut document["paths"][path]["post"]["requestBody"]["content"];
        content["application/json"]["schema"] = json!({
            "type": "array",
            "maxItems": BATCH_MAX,
            "items": {
                "description": format!("A `{entry}`. Whatever else stands here has an error in its place."),
                "anyOf": [{ "$ref": format!("#/components/schemas/{entry}") }, {}],
            },
        });
        content["application/x-ndjson"]["schema"] =
            json!({ "type": "string", "description": format!("One `{entry}` a line, at most {BATCH_MAX}.") });
    }
    let content = &mut document["paths"]["/v1/topics/{topic}"]["post"]["requestBody"]["content"];
    content["application/json"]["schema"] =
        json!({ "type": "array", "maxItems": BATCH_MAX, "items": { "description": "A message." } });
    content["application/x-ndjson"]["schema"] =
        json!({ "type": "string", "description": format!("One message a line, at most {BATCH_MAX}.") });
}

/// The types say what a number is; how large it may be, exactly, and what a genre is, they cannot.
fn sequences(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
                if let Some(seq) = properties.get_mut("seq") {
                    seq["maximum"] = u64::MAX.into();
                    seq.as_object_mut().map(|seq| seq.remove("format"));
                }
                if let Some(genres) = properties.get_mut("genres").filter(|genres| genres["items"].is_object()) {
                    genres["items"]["minLength"] = 1.into();
                    genres["items"]["maxLength"] = 256.into();
                    genres["items"]["pattern"] = r"^[^\x00-\x1F\x7F-\x9F]+$".into();
                }
            }
            object.values_mut().for_each(sequences);
        }
        Value::Array(values) => values.iter_mut().for_each(sequences),
        _ => {}
    }
}
