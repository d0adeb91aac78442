//! Changing tables, and seeing which there are.

use std::sync::Arc;

use playhead_ports::{FieldType, FoundTable, Target, TargetError};

use super::{name, sql};
use crate::sentence::Sentence;

pub(super) async fn check(make: &impl AsyncFn() -> Arc<dyn Target>) {
    {
        let _s = Sentence("The tables of these schemas, by schema and name; views are none.");
        let target = make().await;
        let every = every_type();
        let columns = |types: &[(&str, FieldType)]| {
            types.iter().map(|(column, of)| ((*column).to_owned(), name(&*target, *of))).collect::<Vec<_>>()
        };
        let create = |path: &str, types: &[(&str, FieldType)]| {
            let columns: Vec<_> = columns(types).into_iter().map(|(column, of)| format!("\"{column}\" {of}")).collect();
            format!("CREATE TABLE {path} ({})", columns.join(", "))
        };
        let one = [("a b", FieldType::Int)];
        let changes = [
            "CREATE SCHEMA stg".to_owned(),
            "CREATE SCHEMA dds".to_owned(),
            "CREATE SCHEMA other".to_owned(),
            create("stg.second", &one),
            create("stg.first", &every),
            create("dds.third", &one),
            create("other.unasked", &one),
            "CREATE VIEW stg.seen AS SELECT * FROM stg.first".to_owned(),
        ];
        target.migrate(&changes).await.expect("changes");
        let found = target.tables(&sql(&["stg", "missing", "dds"])).await.expect("reads");
        let table = |schema: &str, name: &str, types: &[(&str, FieldType)]| FoundTable {
            schema: schema.to_owned(),
            name: name.to_owned(),
            columns: columns(types),
        };
        let wanted = [table("dds", "third", &one), table("stg", "first", &every), table("stg", "second", &one)];
        assert_eq!(found, wanted);
    }
    {
        let _s = Sentence("A schema that is not there has no tables.");
        assert_eq!(make().await.tables(&sql(&["stg"])).await, Ok(Vec::new()));
    }
    {
        let _s = Sentence("Runs statements that change tables, in order, all or none.");
        let target = make().await;
        target.migrate(&sql(&["CREATE SCHEMA stg"])).await.expect("changes");
        let int = name(&*target, FieldType::Int);
        let create = format!("CREATE TABLE stg.a (x {int})");
        let refused = target.migrate(&[create.clone(), "CREATE TABLE stg.b (x no_such_type)".to_owned()]).await;
        assert!(matches!(refused, Err(TargetError::Refused(_))), "{refused:?}");
        assert_eq!(target.tables(&sql(&["stg"])).await, Ok(Vec::new()));
        let add = format!("ALTER TABLE stg.a ADD COLUMN y {int}");
        target.migrate(&[create, add]).await.expect("the target goes on after a refusal");
        let columns = vec![("x".to_owned(), int.clone()), ("y".to_owned(), int)];
        let wanted = FoundTable { schema: "stg".to_owned(), name: "a".to_owned(), columns };
        assert_eq!(target.tables(&sql(&["stg"])).await, Ok(vec![wanted]));
        target.migrate(&[]).await.expect("no change is none");
    }
}

fn every_type() -> Vec<(&'static str, FieldType)> {
    vec![
        ("text", FieldType::Text),
        ("Int", FieldType::Int),
        ("float", FieldType::Float),
        ("decimal", FieldType::Decimal { precision: 10, scale: 2 }),
        ("whole", FieldType::Decimal { precision: 38, scale: 0 }),
        ("bool", FieldType::Bool),
        ("date", FieldType::Date),
        ("time", FieldType::Time),
        ("bytes", FieldType::Bytes),
        ("json", FieldType::Json),
    ]
}
