//! What a function makes of the sizes of its arguments: how long its value may become, and which arguments it may have at all.
//!
//! One call of a function heeds neither the interrupt nor the memory limit, so what one call may make is bounded before. A size
//! is the engine's to use, not what is stored: a column counts as [`COLUMN_BYTES`], and what is gathered from many rows as
//! [`GATHERED_BYTES`].

use serde_json::Value;

use crate::functions;

/// The longest value that an expression may make, by this count.
pub(crate) const VALUE_BYTES_MAX: u64 = 256 << 10;
/// What a column counts.
pub(crate) const COLUMN_BYTES: u64 = 256;
/// What an aggregate of all the values of its rows counts, and a column of a recursive WITH.
pub(crate) const GATHERED_BYTES: u64 = 32 << 10;
/// What a number, a time or a truth counts.
const SCALAR_BYTES: u64 = 16;
/// The longest text that may be searched for.
const NEEDLE_BYTES_MAX: u64 = 4 << 10;
/// The longest regular expression, with what `{n}` repeats written out.
const REGEX_BYTES_MAX: u64 = 1 << 10;
/// Wildcards for any text in a pattern whose every one multiplies the work.
const WILDCARDS_MAX: usize = 3;

/// Operators and functions whose value has a size of its own, however long their arguments are.
const SCALARS: &str = "! !__postfix !~~ !~~* % & && * ** - / // << <@ >> @ @> ^ ^@ | ~ ~~ ~~* ~~~ like_escape ilike_escape \
    not_like_escape not_ilike_escape abs approx_count_distinct ascii avg bit_length char_length character_length contains count \
    count_if count_star countif date_diff datediff date_part datepart date_trunc datetrunc day dayname dayofmonth dayofweek \
    dense_rank divide ends_with epoch epoch_ms fdiv hash hour instr isodow jaccard json_array_length json_valid len length \
    length_grapheme list_contains list_count list_has list_indexof list_position list_sum array_contains array_has array_length \
    array_position cardinality md5 mod month multiply ntile octet_length ord percent_rank position prefix rank regexp_full_match \
    regexp_matches round row_number sha256 starts_with stddev strlen strpos strptime subtract suffix sum time_bucket \
    try_strptime typeof unicode week weekday year";

/// Aggregates of all the values of their rows.
const GATHERING: &str = "array_agg group_concat histogram list listagg string_agg";

/// Functions that put their arguments into something that is quoted when it becomes a text.
const QUOTING: &str = "array_value json_extract list_pack list_value map row struct_insert struct_pack to_json";

/// Functions of regular expressions.
const REGEX: &str = "regexp_extract regexp_extract_all regexp_full_match regexp_matches regexp_replace \
    regexp_split_to_array str_split_regex string_split_regex ~ !~";

/// Functions that look for their second argument.
const SEARCHING: &str =
    "contains instr jaccard position replace split split_part str_split string_split string_to_array strpos";

/// Functions that keep a table of all elements of a list.
const TABULATING: &str = "array_distinct array_intersect array_unique list_approx_count_distinct list_distinct list_histogram \
    list_intersect list_mode list_unique";

/// Functions that call an aggregate, named by their second argument.
const AGGREGATING: &str = "array_aggr array_aggregate list_aggr list_aggregate";

/// Functions that take a lambda.
const OF_LAMBDAS: &str = "apply array_apply array_filter array_transform filter list_apply list_filter list_transform";

fn among(names: &str, name: &str) -> bool {
    names.split_ascii_whitespace().any(|of| of == name)
}

/// Whether a function of that name runs a lambda over a list.
pub(crate) fn runs_lambdas(name: &str) -> bool {
    among(OF_LAMBDAS, name)
}

/// What a call of the function may make, in bytes, of arguments that count so much.
pub(crate) fn made(name: &str, bytes: &[u64]) -> u64 {
    let sum = bytes.iter().fold(0, |sum: u64, more| sum.saturating_add(*more));
    let at = |place: usize| bytes.get(place).copied().unwrap_or(1).max(1);
    let times = |factor: u64| at(0).saturating_mul(factor.max(1));
    match name {
        _ if among(SCALARS, name) => SCALAR_BYTES,
        _ if among(GATHERING, name) => sum.saturating_mul(2).max(GATHERED_BYTES),
        _ if among(QUOTING, name) => sum.saturating_mul(2),
        "replace" => times(at(2)),
        "regexp_replace" => times(at(2) + 1),
        "array_to_string" => times(at(1) + 1),
        _ if among(AGGREGATING, name) && bytes.len() > 2 => times(at(2) + 1),
        "list_select" | "array_select" => times(at(1) / 8),
        // A lambda counts what it makes of an element, which counts as a column.
        _ if runs_lambdas(name) => times(at(1).div_ceil(COLUMN_BYTES)),
        "concat_ws" => sum.saturating_add(at(0).saturating_mul(bytes.len() as u64)),
        "strftime" => sum.saturating_mul(16),
        "translate" => times(4),
        "regexp_escape" => times(2),
        _ => sum,
    }
}

/// Refuses arguments with which one call may take minutes.
pub(crate) fn check_arguments(name: &str, arguments: &[Value], bytes: &[u64]) -> Result<(), String> {
    if among(REGEX, name) && arguments.len() > 1 {
        match literal(&arguments[1]) {
            Some(pattern) if written_out(pattern) <= REGEX_BYTES_MAX => {}
            _ => {
                return Err(format!(
                    "the regular expression of {name} must be a literal of at most {REGEX_BYTES_MAX} bytes, with what {{n}} repeats written out"
                ));
            }
        }
    }
    if among(SEARCHING, name) && bytes.get(1).is_some_and(|needle| *needle > NEEDLE_BYTES_MAX) {
        return Err(format!("what {name} looks for may have at most {NEEDLE_BYTES_MAX} bytes"));
    }
    if among(TABULATING, name) && bytes.iter().any(|list| *list >= GATHERED_BYTES) {
        return Err(format!(
            "{name} may not be called on what is gathered from many rows: gather with DISTINCT, or group"
        ));
    }
    if among(AGGREGATING, name) && !arguments.get(1).and_then(literal).is_some_and(functions::callable) {
        return Err(format!("{name} may only call aggregates that may be called by themselves, named by a literal"));
    }
    match name {
        "~~" | "!~~" | "~~*" | "!~~*" | "~~~" | "like_escape" | "not_like_escape" | "ilike_escape"
        | "not_ilike_escape" => check_pattern(name, arguments, bytes),
        _ => Ok(()),
    }
}

/// A plain LIKE is searched piece by piece; with `_`, without regard to case, or with an escape the engine tries every way to
/// divide the text among the wildcards.
fn check_pattern(name: &str, arguments: &[Value], bytes: &[u64]) -> Result<(), String> {
    let Some(pattern) = arguments.get(1).and_then(literal) else {
        return Err(
            "the pattern of LIKE, ILIKE and GLOB must be a literal: contains, starts_with and ends_with take others"
                .to_owned(),
        );
    };
    if matches!(name, "~~" | "!~~") && !pattern.contains('_') {
        return Ok(());
    }
    let wildcards_max = if bytes.first().is_some_and(|text| *text >= GATHERED_BYTES) { 1 } else { WILDCARDS_MAX };
    let wildcards = pattern.matches(if name == "~~~" { '*' } else { '%' }).count();
    if wildcards <= wildcards_max {
        return Ok(());
    }
    Err(format!(
        "a pattern of ILIKE or GLOB, or one of LIKE with _ or ESCAPE, may have {wildcards_max} wildcards for any text, this has {wildcards}"
    ))
}

/// How long a regular expression is, with what `{n}` repeats written out; what groups repeat is taken as nested.
fn written_out(pattern: &str) -> u64 {
    let (mut length, mut factor) = (pattern.len() as u64, 1_u64);
    for (at, _) in pattern.match_indices('{') {
        let counts = pattern[at + 1..].split('}').next().unwrap_or_default();
        let greatest = counts.split(',').filter_map(|count| count.parse::<u64>().ok()).max().unwrap_or(1);
        if pattern[..at].ends_with([')', '}', '*', '+', '?']) {
            factor = factor.saturating_mul(greatest.max(1));
        } else {
            length = length.saturating_add(greatest);
        }
    }
    length.saturating_mul(factor)
}

fn literal(argument: &Value) -> Option<&str> {
    argument.pointer("/value/value").and_then(Value::as_str)
}
