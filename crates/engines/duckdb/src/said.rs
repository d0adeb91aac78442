//! What the engine's words say: the type that it writes in front of a message, and the first words after it.
//!
//! It passes on no code that tells its failures apart, so the words must. They are read from the front and never searched:
//! a message quotes what somebody wrote, and a quotation may look like a failure of any kind.

/// The types that the engine puts in front, each followed by ` Error: `.
const TYPES: [&str; 43] = [
    "Binder",
    "Catalog",
    "Connection",
    "Constraint",
    "Conversion",
    "Decimal",
    "Dependency",
    "Divide by Zero",
    "Executor",
    "Expression",
    "Extension Autoloading",
    "FATAL",
    "HTTP",
    "INTERNAL",
    "INTERRUPT",
    "IO",
    "Index",
    "Invalid",
    "Invalid Configuration",
    "Invalid Input",
    "Invalid type",
    "Mismatch Type",
    "Missing Extension",
    "Network",
    "Not implemented",
    "NullPointer",
    "Object Size",
    "Optimizer",
    "Out of Memory",
    "Out of Range",
    "Parameter Not Allowed",
    "Parameter Not Resolved",
    "Parser",
    "Permission",
    "Planner",
    "Scheduler",
    "Sequence",
    "Serialization",
    "Settings",
    "Stat",
    "Syntax",
    "TransactionContext",
    "Unknown Type",
];

/// What the appender and the commit put before the words of a failure, whose type they drop.
const WRAPPERS: [&str; 2] = ["Failed to append: ", "Failed to commit: "];

/// What stands before the failure that made the engine give a database up.
const CAUSES: [&str; 3] = ["\nOriginal Error: ", "\nOriginal error: \"", " Original error: "];

/// How messages of missing memory begin, where the type was dropped.
const NO_MEMORY: [&str; 5] = [
    "Allocation failure",
    "could not allocate block of size",
    "failed to allocate data of size",
    "failed to offload data block",
    "failed to pin block of size",
];

/// A message, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Said<'a> {
    /// The type, if there is one in front.
    pub(crate) of: Option<&'a str>,
    /// What follows it, without wrappers.
    pub(crate) words: &'a str,
}

impl<'a> Said<'a> {
    /// Takes a message apart.
    pub(crate) fn of(message: &'a str) -> Self {
        let typed = message.split_once(" Error: ").filter(|(of, _)| TYPES.contains(of));
        let (of, words) = typed.map_or((None, message), |(of, words)| (Some(of), words));
        let wrapped = WRAPPERS.iter().find_map(|wrapper| words.strip_prefix(wrapper));
        // Other types do not wrap, but quote.
        let inner = wrapped.filter(|_| matches!(of, None | Some("TransactionContext")));
        Self { of, words: inner.unwrap_or(words) }
    }

    /// Whether the words begin with one of these.
    pub(crate) fn begins(&self, with: &[&str]) -> bool {
        with.iter().any(|words| self.words.starts_with(words))
    }

    /// Whether memory was missing, or the database was given up for that.
    pub(crate) fn lacks_memory(&self) -> bool {
        match self.of {
            Some("Out of Memory") => true,
            Some("FATAL") => self.cause().is_some_and(|cause| cause.lacks_memory()),
            None | Some("TransactionContext") => self.begins(&NO_MEMORY),
            Some(_) => false,
        }
    }

    /// Why the database was given up. The engine's own words come first, so the first mark is the engine's.
    fn cause(&self) -> Option<Self> {
        let (_, cause) =
            CAUSES.iter().filter_map(|mark| self.words.split_once(mark)).min_by_key(|(before, _)| before.len())?;
        Some(Self::of(cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(message: &str) -> (Option<&str>, &str) {
        let said = Said::of(message);
        (said.of, said.words)
    }

    #[test]
    fn a_message_has_its_type_in_front_if_it_has_one() {
        assert_eq!(said("IO Error: Could not read"), (Some("IO"), "Could not read"));
        assert_eq!(said("could not read 'IO Error: '"), (None, "could not read 'IO Error: '"));
        assert_eq!(said("no Error: at all"), (None, "no Error: at all"));
    }

    #[test]
    fn a_wrapper_is_taken_off_where_the_engine_wraps() {
        assert_eq!(said("Failed to append: x"), (None, "x"));
        assert_eq!(said("TransactionContext Error: Failed to commit: x"), (Some("TransactionContext"), "x"));
        let quoted = "Invalid Input Error: Failed to commit: Out of Memory Error: x";
        assert_eq!(said(quoted), (Some("Invalid Input"), "Failed to commit: Out of Memory Error: x"));
    }
}
