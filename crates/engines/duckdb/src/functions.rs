//! The functions that analysts may call.
//!
//! A function is here because somebody who counts viewers may want it, and because it changes nothing, reads nothing but its
//! arguments, and its work on rows of usual size is short: within one call the engine heeds neither the interrupt nor the memory
//! limit. What calls may make of each other's values is weighed besides. Not here are those whose result can be made large by a number in their arguments
//! (`repeat`, `lpad`, `format`, `bar`, `range` as a scalar, `approx_top_k`, `reservoir_quantile`). Edit distances
//! are not here either, because one call on long texts takes minutes.

/// Functions of one row, aggregates and window functions; several names in a text, for they are many.
const CALLABLE: &[&str] = &[
    // Operators and constructors, under the names that the parser gives them.
    "!__postfix !~~ !~~* % & && * ** + - ->> / // << <@ >> @ @> ^ ^@ | || ~ ~~ ~~* ~~~ array_value",
    "list_pack list_value map row struct_pack like_escape ilike_escape not_ilike_escape not_like_escape",
    // Numbers.
    "abs acos add asin atan atan2 bit_count cbrt ceil ceiling cos degrees divide even exp fdiv floor fmod",
    "gcd greatest greatest_common_divisor isfinite isinf isnan lcm least least_common_multiple ln log",
    "log10 log2 mod multiply pi pow power radians random round round_even sign signbit sin sqrt subtract",
    "tan trunc xor",
    // Text.
    "array_to_string ascii bit_length char_length character_length chr concat concat_ws contains",
    "ends_with format_bytes hash instr jaccard lcase left left_grapheme length length_grapheme lower",
    "ltrim md5 nfc_normalize octet_length ord position prefix regexp_escape regexp_extract",
    "regexp_extract_all regexp_full_match regexp_matches regexp_replace regexp_split_to_array replace",
    "reverse right right_grapheme rtrim sha256 split split_part starts_with str_split str_split_regex",
    "string_split string_split_regex string_to_array strip_accents strlen strpos substr substring",
    "substring_grapheme suffix translate trim ucase unicode upper url_decode",
    // Times and days.
    "age ago century current_date current_localtime current_localtimestamp current_timestamp date_add",
    "date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth",
    "dayofweek dayofyear days_in_month decade epoch epoch_ms epoch_ns epoch_us era get_current_time",
    "get_current_timestamp hour isodow isoyear julian last_day make_date make_time make_timestamp",
    "make_timestamp_ms make_timestamp_ns make_timestamptz microsecond millennium millisecond minute month",
    "monthname nanosecond normalized_interval now quarter second strftime strptime time_bucket timezone",
    "to_centuries to_days to_decades to_hours to_microseconds to_millennia to_milliseconds to_minutes",
    "to_months to_quarters to_seconds to_timestamp to_weeks to_years today transaction_timestamp",
    "try_strptime week weekday weekofyear year yearweek",
    // Conditions and types.
    "can_cast_implicitly coalesce constant_or_null error if ifnull nullif pg_typeof switch typeof",
    // Lists.
    "apply array_aggr array_aggregate array_append array_apply array_cat array_concat array_contains",
    "array_distinct array_extract array_filter array_has array_has_all array_has_any array_indexof",
    "array_intersect array_length array_position array_prepend array_reverse array_reverse_sort",
    "array_select array_slice array_sort array_transform array_unique array_where array_zip cardinality",
    "element_at filter flatten len list_aggr list_aggregate list_any_value list_append list_apply",
    "list_approx_count_distinct list_avg list_bool_and list_bool_or list_cat list_concat list_contains",
    "list_count list_distinct list_element list_extract list_filter list_first list_grade_up list_has",
    "list_has_all list_has_any list_histogram list_indexof list_intersect list_last list_max list_median",
    "list_min list_mode list_position list_prepend list_product list_reverse list_reverse_sort",
    "list_select list_slice list_sort list_stddev_pop list_stddev_samp list_string_agg list_sum",
    "list_transform list_unique list_var_pop list_var_samp list_where list_zip unnest",
    // Structs, maps and JSON.
    "json_array_length json_extract json_extract_path json_extract_path_text json_extract_string",
    "json_keys json_type json_valid map_contains map_entries map_extract map_extract_value",
    "map_from_entries map_keys map_values struct_extract struct_extract_at struct_insert struct_keys",
    "struct_values to_json",
    // Aggregates.
    "any_value approx_count_distinct approx_quantile arbitrary arg_max arg_max_null arg_min",
    "arg_min_null argmax argmin array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count count_if",
    "count_star countif covar_pop covar_samp entropy favg first fsum geomean geometric_mean group_concat",
    "histogram kahan_sum kurtosis kurtosis_pop last list listagg mad max max_by mean median min min_by",
    "mode product quantile quantile_cont quantile_disc regr_avgx regr_avgy regr_count regr_intercept",
    "regr_r2 regr_slope regr_sxx regr_sxy regr_syy sem skewness stddev stddev_pop",
    "stddev_samp string_agg sum sumkahan var_pop var_samp variance wavg weighted_avg",
    // Windows.
    "cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank",
    "rank_dense row_number",
];

/// Functions that may stand where a table does. They make rows one by one, so the memory limit and interrupts reach them.
pub(crate) const TABLES: &[&str] = &["generate_series", "range", "unnest"];

/// Whether a function of that name, in lower case, may be called.
pub(crate) fn callable(name: &str) -> bool {
    CALLABLE.iter().any(|names| names.split(' ').any(|callable| callable == name))
}
