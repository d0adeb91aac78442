//! Ways through JSON: from a value to what a path names.

use super::json::{Document, Kind, Place};
use super::program::Path;
use super::value::Raw;

/// A text and its places.
#[derive(Clone, Copy)]
pub(super) struct Tree<'a, 'd> {
    pub(super) text: &'a str,
    pub(super) document: &'d Document,
}

impl<'a> Tree<'a, '_> {
    /// What the path names, if there is something that is not null; or why the way does not lead there.
    pub(super) fn find(self, from: Place, path: &Path) -> Result<Option<Place>, String> {
        let mut at = from;
        for (depth, name) in path.names.iter().enumerate() {
            match self.document.kind(at) {
                Kind::Object => {}
                Kind::Null => return Ok(None),
                _ => return Err(format!("{}: must be an object", path.names[..depth].join("."))),
            }
            let found = self.document.field(self.text, at, name);
            let Some(next) = found.map_err(|_| format!("{}: is given twice", path.names[..=depth].join(".")))? else {
                return Ok(None);
            };
            at = next;
        }
        Ok((self.document.kind(at) != Kind::Null).then_some(at))
    }

    /// What stands there.
    pub(super) fn raw(self, place: Option<Place>) -> Raw<'a> {
        let Some(place) = place else { return Raw::Nothing };
        match self.document.kind(place) {
            Kind::Null => Raw::Nothing,
            Kind::Bool(yes) => Raw::Bool(yes),
            Kind::Number => Raw::Number(self.document.raw(self.text, place)),
            Kind::Text(_) => Raw::Text(self.document.text(self.text, place)),
            Kind::Array | Kind::Object => Raw::Whole(self.document.raw(self.text, place)),
        }
    }
}
