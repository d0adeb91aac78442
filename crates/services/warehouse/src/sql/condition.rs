//! Conditions of the spec. Their values are of the spec, never of a message.

use super::writer::{all, list, of, text};
use crate::spec::Condition;

/// The condition on a row; a null is neither equal nor within bounds.
pub(super) fn condition(row: &str, condition: &Condition) -> String {
    let column = of(row, &condition.column);
    let as_text = format!("CAST({column} AS text)");
    let parts = [
        condition.equals.as_ref().map(|value| format!("{as_text} = {}", text(value))),
        condition.not.as_ref().map(|value| format!("{as_text} IS DISTINCT FROM {}", text(value))),
        condition.one_of.as_ref().map(|values| match values.as_slice() {
            [] => "FALSE".to_owned(),
            values => format!("{as_text} IN ({})", list(values.iter().map(|value| text(value)))),
        }),
        condition.null.map(|is_null| format!("{column} IS {}NULL", if is_null { "" } else { "NOT " })),
        condition.at_least.map(|bound| format!("{column} >= {bound:?}")),
        condition.at_most.map(|bound| format!("{column} <= {bound:?}")),
    ];
    all(parts.into_iter().flatten())
}
