//! What a spec says, beyond its shape: names, references, types.

use super::Spec;
use super::complaint::Complaint;
use super::places::Places;

/// All that is wrong with what the spec says.
pub(super) fn check(_: &Spec, _: &str, _: &Places) -> Vec<Complaint> {
    Vec::new()
}
