//! Known hashes, and what no two different keys may do.

use proptest::prelude::*;

use super::*;
use crate::spec::Algorithm;

fn rules(mode: Mode, algorithm: Algorithm) -> VaultRules {
    VaultRules { mode, algorithm, ..VaultRules::default() }
}

fn automate(values: &[Option<&str>]) -> Option<String> {
    key(&rules(Mode::AutomateDv, Algorithm::Md5), values).map(|digest| digest.to_string())
}

fn md5(text: &str) -> String {
    Digest::of(Algorithm::Md5, text.as_bytes()).to_string()
}

#[test]
fn automate_dv_hashes_one_column_as_its_text() {
    assert_eq!(automate(&[Some("1001")]).as_deref(), Some("B8C37E33DEFDE51CF91E1E03E51657DA"));
    let sha = key(&rules(Mode::AutomateDv, Algorithm::Sha256), &[Some("1001")]).map(|digest| digest.to_string());
    assert_eq!(sha.as_deref(), Some("FE675FE7AAEE830B6FED09B64E034F84DCBDAEB429D9CCCD4EBB90E15AF8DD71"));
}

#[test]
fn automate_dv_joins_columns_trims_and_raises_them() {
    assert_eq!(automate(&[Some(" ab "), Some("Cd")]), Some(md5("AB||CD")));
    assert_eq!(automate(&[Some("straße")]), Some(md5("STRAßE")));
    assert_eq!(automate(&[Some("Ёж")]), Some(md5("ЁЖ")));
    assert_eq!(automate(&[Some("\ta")]), Some(md5("\tA")), "spaces alone are trimmed");
}

#[test]
fn automate_dv_keeps_the_case_where_the_spec_says_so() {
    let rules = VaultRules { keep_case: true, ..rules(Mode::AutomateDv, Algorithm::Md5) };
    let hashed = key(&rules, &[Some(" aB "), Some("ё"), None]).map(|digest| digest.to_string());
    assert_eq!(hashed, Some(md5("aB||ё||^^")));
}

#[test]
fn automate_dv_orders_names_without_looking_at_case() {
    let names = ["ID_B", "IDA", "a_c", "A_B"].map(str::to_owned);
    let ordered = |mode| in_order(mode, &names).into_iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(ordered(Mode::AutomateDv), ["A_B", "a_c", "ID_B", "IDA"]);
    assert_eq!(ordered(Mode::Safe), ["A_B", "IDA", "ID_B", "a_c"]);
}

#[test]
fn automate_dv_writes_nothing_as_two_carets() {
    assert_eq!(automate(&[Some("1"), None, Some("  ")]), Some(md5("1||^^||^^")));
    assert_eq!(automate(&[None, Some("")]), None, "a key of nothing is not loaded");
    assert_eq!(automate(&[None]), None);
}

#[test]
fn automate_dv_gives_a_hashdiff_even_of_nothing() {
    let rules = rules(Mode::AutomateDv, Algorithm::Md5);
    assert_eq!(diff(&rules, &[None::<&str>, None]).to_string(), md5("^^||^^"));
}

#[test]
fn a_safe_key_lacks_no_whole_hub() {
    let mut hasher = Hasher::new(rules(Mode::Safe, Algorithm::Sha256));
    hasher.add(Some("a"));
    hasher.end_group();
    hasher.add(None);
    hasher.end_group();
    assert_eq!(hasher.key(), None);
    hasher.add(Some("a"));
    hasher.add(None);
    hasher.end_group();
    assert!(hasher.key().is_some(), "a part of a hub's key may be nothing");
}

#[test]
fn a_safe_key_is_of_lengths_and_bytes() {
    let expected = Digest::of(Algorithm::Sha256, b"\x01\x02\0\0\0ab\0\x01\0\0\0\0");
    assert_eq!(key(&rules(Mode::Safe, Algorithm::Sha256), &[Some("ab"), None, Some("")]), Some(expected));
}

#[test]
fn a_safe_key_keeps_case_and_spaces() {
    let safe = rules(Mode::Safe, Algorithm::Sha256);
    assert_ne!(key(&safe, &[Some("a")]), key(&safe, &[Some("A")]));
    assert_ne!(key(&safe, &[Some("a")]), key(&safe, &[Some("a ")]));
}

/// Values that are apt to be taken for one another.
fn values() -> impl Strategy<Value = Vec<Option<String>>> {
    let text = prop_oneof![Just(String::new()), Just("^^".into()), Just("||".into()), "[ab|^ ]{0,4}", "\\PC{0,3}"];
    proptest::collection::vec(proptest::option::of(text), 1..4)
}

/// The same characters, with the boundaries between values elsewhere.
fn shifted(values: &[Option<String>], by: usize) -> Vec<Option<String>> {
    let all: Vec<char> = values.iter().flatten().flat_map(|text| text.chars()).collect();
    let cut = by % (all.len() + 1);
    vec![Some(all[..cut].iter().collect()), Some(all[cut..].iter().collect())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn different_values_have_different_safe_hashes(one in values(), other in values(), by in 0..9_usize) {
        let safe = rules(Mode::Safe, Algorithm::Sha256);
        for (one, other) in [(one.clone(), other), (one.clone(), shifted(&one, by)), (shifted(&one, by), shifted(&one, by + 1))] {
            prop_assert_eq!(diff(&safe, &one) == diff(&safe, &other), one == other);
        }
    }

    #[test]
    fn nothing_and_an_empty_text_differ_in_a_safe_hash(values in values(), at in 0..4_usize) {
        let safe = rules(Mode::Safe, Algorithm::Md5);
        let at = at % values.len();
        let (mut none, mut empty) = (values.clone(), values);
        none[at] = None;
        empty[at] = Some(String::new());
        prop_assert_ne!(diff(&safe, &none), diff(&safe, &empty));
    }

    #[test]
    fn a_hasher_is_as_new_after_each_hash(one in values(), other in values()) {
        for mode in [Mode::Safe, Mode::AutomateDv] {
            let rules = rules(mode, Algorithm::Sha256);
            let mut hasher = Hasher::new(rules);
            one.iter().for_each(|value| hasher.add(value.as_deref()));
            hasher.key();
            other.iter().for_each(|value| hasher.add(value.as_deref()));
            prop_assert_eq!(hasher.diff(), diff(&rules, &other));
        }
    }
}
