//! The tables that analysts may ask, by the names that they may write, and the one that was meant where a name is not known.

use std::collections::BTreeSet;

use crate::open::literal;

/// The schema of tables that need none before their name.
const MAIN: &str = "main";
/// How much like a name another one must be to be taken for it, 0 to 1.
const LIKENESS_MIN: f64 = 0.8;

/// The tables that may be asked.
#[derive(Default)]
pub(crate) struct Askable {
    /// Those of the warehouse's own services, which need no schema before their name.
    pub(crate) declared: BTreeSet<&'static str>,
    /// Those of pipelines, by schema and name.
    pub(crate) shown: BTreeSet<(String, String)>,
}

impl Askable {
    /// Whether there is one of that name; no schema is given as an empty one.
    pub(crate) fn has(&self, schema: &str, name: &str) -> bool {
        match schema {
            "" | MAIN => self.declared.contains(name),
            _ => self.shown.contains(&(schema.to_owned(), name.to_owned())),
        }
    }

    /// The statement whose answer is the list of them.
    pub(crate) fn listed(&self) -> String {
        let names: Vec<_> = self.names().iter().map(|name| literal(name)).collect();
        format!("SELECT unnest([{}]::VARCHAR[]) AS name", names.join(", "))
    }

    /// What to say of a name that is none of them.
    pub(crate) fn unknown(&self, written: &str) -> String {
        let names = self.names();
        match nearest(written, &names) {
            Some(name) => format!("there is no table {written} to ask; did you mean {name}?"),
            None => format!("there is no table {written} to ask: there are {}", names.join(", ")),
        }
    }

    fn names(&self) -> Vec<String> {
        let shown = self.shown.iter().map(|(schema, name)| format!("{schema}.{name}"));
        self.declared.iter().map(|name| (*name).to_owned()).chain(shown).collect()
    }
}

/// The name that was meant: the one most like it, or whose last part is, where schemas differ.
fn nearest<'a>(written: &str, names: &'a [String]) -> Option<&'a str> {
    let last = |name: &str| name.rsplit_once('.').map_or(name, |(_, last)| last).to_owned();
    let written = written.to_ascii_lowercase();
    let likeness = |name: &str| {
        let (whole, part) = (strsim::jaro_winkler(name, &written), strsim::jaro_winkler(&last(name), &last(&written)));
        whole.max(part)
    };
    let likest = names.iter().map(|name| (likeness(name), name)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (likest.0 >= LIKENESS_MIN).then_some(likest.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_that_was_meant_is_named_or_all_are() {
        let shown = [("cdm", "customer"), ("dds", "h_user")].map(|(schema, name)| (schema.to_owned(), name.to_owned()));
        let tables = Askable { declared: ["videos", "watch_events"].into(), shown: shown.into() };
        let unknown = |written| tables.unknown(written);
        assert_eq!(unknown("Watch_Event"), "there is no table Watch_Event to ask; did you mean watch_events?");
        assert_eq!(unknown("customers"), "there is no table customers to ask; did you mean cdm.customer?");
        assert_eq!(unknown("dds.user"), "there is no table dds.user to ask; did you mean dds.h_user?");
        assert_eq!(
            unknown("zzz"),
            "there is no table zzz to ask: there are videos, watch_events, cdm.customer, dds.h_user"
        );
        assert!(Askable::default().unknown("x").starts_with("there is no table x"));
    }
}
