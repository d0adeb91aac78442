//! Values on their way in, through tables, and back.

use std::sync::Arc;

use playhead_ports::{Cell, FieldType, Staged, Target};

use super::{cells_of_every_type, name, of_every_type, sql};
use crate::sentence::Sentence;

pub(super) async fn check(make: &impl AsyncFn() -> Arc<dyn Target>) {
    let _s = Sentence("The staged tables hold the values exactly as they are given.");
    let target = make().await;
    let (fields, values): (Vec<_>, Vec<_>) = of_every_type().into_iter().unzip();
    let columns: Vec<_> =
        fields.iter().map(|field| format!("\"{}\" {}", field.name, name(&*target, field.of))).collect();
    let create = format!("CREATE TABLE stg.every ({})", columns.join(", "));
    target.migrate(&["CREATE SCHEMA stg".to_owned(), create]).await.expect("changes");
    let staged = [Staged { name: "stage_every".to_owned(), fields: fields.clone(), values }];
    let take = sql(&["INSERT INTO stg.every SELECT * FROM stage_every"]);
    assert_eq!(target.load("loader", &staged, &take, &[]).await, Ok(vec![4]));
    for (field, wanted) in fields.iter().zip(cells_of_every_type()) {
        let column = &field.name;
        let from_staged = target.select(&staged, &format!("SELECT \"{column}\" FROM stage_every"), 10).await;
        let from_table = target.select(&[], &format!("SELECT \"{column}\" FROM stg.every"), 10).await;
        let wanted: Vec<Vec<Cell>> = wanted.into_iter().map(|cell| vec![cell]).collect();
        assert_eq!(from_staged.as_ref(), Ok(&wanted), "{column}");
        assert_eq!(from_table, Ok(wanted), "{column}");
    }
    // A value that went through a table is the value that was staged.
    let same: Vec<_> =
        fields.iter().map(|field| format!("s.\"{0}\" IS NOT DISTINCT FROM t.\"{0}\"", field.name)).collect();
    let join = format!("SELECT count(*) FROM stage_every s JOIN stg.every t ON {}", same.join(" AND "));
    assert_eq!(target.select(&staged, &join, 1).await, Ok(vec![vec![Cell::Int(4)]]));
    let text = name(&*target, FieldType::Text);
    let written = format!("SELECT CAST(\"time\" AS {text}), CAST(\"wide\" AS {text}) FROM stg.every WHERE \"int\" = 7");
    let wanted = ["1969-12-31 23:59:59.999999", "1234567890123456789012345678.0123456789"];
    let wanted = wanted.map(|text| Cell::Text(text.to_owned())).to_vec();
    assert_eq!(target.select(&[], &written, 1).await, Ok(vec![wanted]));
}
