//! The OpenAPI document: golden, and never narrowed without being asked.

use std::path::Path;

use serde_json::Value;

use crate::support::{Running, Server};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.golden.json");

fn golden() -> Value {
    let text = std::fs::read_to_string(GOLDEN).expect("the golden file is there");
    serde_json::from_str(&text).expect("it is JSON")
}

/// What a caller that kept to `old` would trip over in `new`.
fn breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk("", old, new, &mut found);
    found
}

fn walk(at: &str, old: &Value, new: &Value, found: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, before) in old {
                match new.get(name) {
                    Some(after) => walk(&format!("{at}/{name}"), before, after, found),
                    None if is_limit(name) || is_words(name) => {}
                    None => found.push(format!("{at}/{name} is gone")),
                }
            }
            let narrower =
                new.keys().filter(|name| is_limit(name) && !old.contains_key(*name) && at.contains("/schema"));
            found.extend(narrower.map(|name| format!("{at}/{name} is new and narrows")));
        }
        (Value::Array(old), Value::Array(new)) if at.ends_with("/required") => {
            let stricter = new.iter().filter(|name| !old.contains(name));
            found.extend(stricter.map(|name| format!("{at} asks for {name} now")));
        }
        (Value::Array(old), Value::Array(new)) if at.ends_with("/parameters") => {
            for before in old {
                let same = |after: &&Value| after["name"] == before["name"] && after["in"] == before["in"];
                match new.iter().find(same) {
                    Some(after) => walk(&format!("{at}/{}", before["name"]), before, after, found),
                    None => found.push(format!("{at}/{} is gone", before["name"])),
                }
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            let gone = old.iter().filter(|value| !new.contains(value));
            found.extend(gone.map(|value| format!("{at} has no {value} any more")));
        }
        _ if old == new || is_words(at.rsplit('/').next().unwrap_or_default()) => {}
        _ => {
            let name = at.rsplit('/').next().unwrap_or_default();
            let wider = match name {
                "maximum" | "maxLength" | "maxItems" => new.as_f64() > old.as_f64(),
                "minimum" | "minLength" => new.as_f64() < old.as_f64(),
                _ => false,
            };
            if !wider {
                found.push(format!("{at} was {old}, is {new}"));
            }
        }
    }
}

fn is_limit(name: &str) -> bool {
    matches!(name, "maximum" | "minimum" | "maxLength" | "minLength" | "maxItems" | "pattern" | "enum")
}

fn is_words(name: &str) -> bool {
    matches!(name, "description" | "summary" | "title" | "version" | "example" | "default")
}

#[test]
fn the_document_is_as_the_golden_file_has_it() {
    let document = playhead_edge::openapi();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let old = Path::new(GOLDEN).exists().then(golden);
        let broken = old.map(|old| breaks(&old, &document)).unwrap_or_default();
        assert!(
            broken.is_empty() || std::env::var_os("ALLOW_BREAKING").is_some(),
            "this breaks callers; set ALLOW_BREAKING=1 too if that is meant:\n{}",
            broken.join("\n")
        );
        let text = serde_json::to_string_pretty(&document).expect("JSON") + "\n";
        std::fs::write(GOLDEN, text).expect("the golden file can be written");
    }
    let golden = golden();
    let broken = breaks(&golden, &document);
    assert!(broken.is_empty(), "callers that kept to the golden document break:\n{}", broken.join("\n"));
    assert!(
        golden == document,
        "the document has grown; look at it, then renew the golden file with \
         `UPDATE_EXPECT=1 cargo test -p playhead-edge --test edge openapi`"
    );
}

#[test]
fn a_break_is_noticed() {
    let whole = playhead_edge::openapi();
    let broken = |change: &dyn Fn(&mut Value)| {
        let mut changed = whole.clone();
        change(&mut changed);
        breaks(&whole, &changed).len()
    };
    assert_eq!(broken(&|_| {}), 0);
    assert_eq!(broken(&|d| drop(d["paths"].as_object_mut().unwrap().remove("/v1/events"))), 1);
    assert_eq!(broken(&|d| drop(d["paths"]["/v1/videos"].as_object_mut().unwrap().remove("post"))), 1);
    let properties = |d: &mut Value| d["components"]["schemas"]["Position"]["properties"].take();
    assert_eq!(broken(&|d| drop(properties(d))), 1);
    assert_eq!(broken(&|d| d["components"]["schemas"]["Event"]["properties"]["user_id"]["maxLength"] = 32.into()), 1);
    assert_eq!(broken(&|d| d["components"]["schemas"]["Event"]["properties"]["user_id"]["maxLength"] = 128.into()), 0);
    assert_eq!(
        broken(&|d| d["components"]["schemas"]["Event"]["required"].as_array_mut().unwrap().push("seq".into())),
        1
    );
    assert_eq!(broken(&|d| d["info"]["description"] = "other words".into()), 0);
}

#[tokio::test]
async fn it_is_served_and_asks_for_tokens_only_where_they_are_needed() {
    let open = Running::open().await.get("/openapi.json").await.json();
    assert_eq!(open["openapi"], "3.1.0");
    assert!(open["paths"]["/v1/sql"]["post"]["security"].is_null());
    let guarded = Server { open: false, ..Server::default() }.start().await.get("/openapi.json").await.json();
    assert_eq!(guarded["paths"]["/v1/sql"]["post"]["security"][0]["bearer"], serde_json::json!(["analyst"]));
    assert_eq!(guarded, playhead_edge::openapi());
}

/// Every operation of the document, with its path and method.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let of = |(path, item): (&String, &Value)| -> Vec<(String, String, Value)> {
        let methods = item.as_object().expect("operations").iter();
        methods.map(|(method, operation)| (path.clone(), method.clone(), operation.clone())).collect()
    };
    document["paths"].as_object().expect("there are paths").iter().flat_map(of).collect()
}

#[test]
fn every_operation_has_a_tag_a_summary_and_examples() {
    let document = playhead_edge::openapi();
    let tags: Vec<&Value> = document["tags"].as_array().expect("tags").iter().map(|tag| &tag["name"]).collect();
    for (path, method, operation) in operations(&document) {
        let name = format!("{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{name} has no summary");
        assert!(operation["tags"].as_array().is_some_and(|of| of.iter().all(|tag| tags.contains(&tag))), "{name}");
        let bodies = operation["requestBody"]["content"].as_object().into_iter().flatten();
        // Tools that send examples know JSON alone.
        let bodies = bodies.filter(|(of, _)| *of != "application/x-ndjson");
        let answers = operation["responses"]["200"]["content"].as_object().into_iter().flatten();
        for (of, content) in bodies.chain(answers) {
            // A metric, a file and the document itself need none.
            let has_none =
                ["/metrics", "/openapi.json"].contains(&path.as_str()) || of == "application/vnd.apache.parquet";
            assert!(has_none || !content["example"].is_null(), "{name} has no example of {of}");
        }
    }
    let sql = document["paths"]["/v1/sql"]["post"]["description"].as_str().expect("words");
    for table in playhead_watch::TABLES {
        assert!(sql.contains(&format!("`{}` (", table.name)), "{} is not named", table.name);
    }
    assert!(sql.contains("`watch_marks`") && sql.contains("`forgotten`"), "{sql}");
}

#[tokio::test]
async fn every_example_of_a_request_is_taken_and_answered_as_its_example() {
    let server = Running::open().await;
    let document = playhead_edge::openapi();
    let fields = |value: &Value| value.as_object().map(|object| object.keys().cloned().collect::<Vec<_>>());
    for (path, method, operation) in operations(&document) {
        // The warehouse is a stand-in here; the tests from outside send this one.
        let contents = operation["requestBody"]["content"].as_object().filter(|_| path != "/v1/sql");
        for (of, content) in contents.into_iter().flatten().filter(|(_, content)| !content["example"].is_null()) {
            let body = content["example"].as_str().map_or_else(|| content["example"].to_string(), str::to_owned);
            let path = path.replace("{user}", "ann").replace("{video}", "film-1");
            let path = path.replace("{topic}", "orders").replace("{pipeline}", "orders");
            let ask = server.ask(&method.to_uppercase(), &path).header("content-type", of).body(body);
            let answer = ask.send().await;
            assert!(answer.status < 300, "{method} {path}: {}", answer.text());
            let example = &operation["responses"]["200"]["content"]["application/json"]["example"];
            if answer.status == 200 && path != "/v1/admin/backup" {
                assert_eq!(fields(&answer.json()), fields(example), "{method} {path}");
            }
        }
    }
}
