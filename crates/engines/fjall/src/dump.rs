//! Everything that dictionaries hold, checkpoints of their topics included, as one file: how a backup takes them along.
//!
//! The file is a line that names the form, then keys and values, each with its length (u32, little end first) before it. A
//! backup knows its size and SHA-256, so it has no checksum of its own.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fjall::Readable;
use playhead_ports::DictionaryError;

use crate::dictionaries::FjallDictionaries;
use crate::error::Trouble;
use crate::opened::Opened;
use crate::shelf::{Shelf, blocking};

const FORM: &[u8] = b"playhead dictionaries 1\n";
const PAIRS_AT_ONCE: usize = 10_000;
/// No key and no value is longer than a record of the log may be.
const LENGTH_MAX: u32 = 1 << 30;

impl FjallDictionaries {
    /// Writes everything, as of one moment, into a new file.
    pub async fn export(&self, to: &Path) -> Result<(), DictionaryError> {
        let (shelf, to) = (Arc::clone(self.shelf()), to.to_owned());
        Ok(blocking(move || export(&*shelf.reader()?, &to)).await?)
    }

    /// Puts in what [`FjallDictionaries::export`] has written. What is there under the same keys is replaced.
    pub async fn import(&self, from: &Path) -> Result<(), DictionaryError> {
        let (shelf, from) = (Arc::clone(self.shelf()), from.to_owned());
        Ok(blocking(move || import(&shelf, &from)).await?)
    }
}

fn export(opened: &Opened, to: &Path) -> Result<(), Trouble> {
    let away = |error: io::Error| Trouble::Away(format!("{}: {error}", to.display()));
    let mut file = BufWriter::new(File::create(to).map_err(away)?);
    file.write_all(FORM).map_err(away)?;
    for guard in opened.db.snapshot().iter(&opened.data) {
        let (key, value) = guard.into_inner()?;
        put(&mut file, &key).and_then(|()| put(&mut file, &value)).map_err(away)?;
    }
    let file = file.into_inner().map_err(|error| away(error.into_error()))?;
    file.sync_all().map_err(away)
}

fn import(shelf: &Shelf, from: &Path) -> Result<(), Trouble> {
    let away = |error: io::Error| Trouble::Away(format!("{}: {error}", from.display()));
    let mut file = BufReader::new(File::open(from).map_err(away)?);
    let mut form = [0; FORM.len()];
    file.read_exact(&mut form).map_err(away)?;
    if form != *FORM {
        return Err(Trouble::Damaged(format!("{} holds no dictionaries of this form", from.display())));
    }
    loop {
        let mut pairs = Vec::new();
        while pairs.len() < PAIRS_AT_ONCE {
            let Some(key) = take(&mut file).map_err(away)? else { break };
            let value = take(&mut file).map_err(away)?;
            pairs.push((key, value.ok_or_else(|| cut(from))?));
        }
        if pairs.is_empty() {
            return Ok(());
        }
        let written = shelf.write(&[], |opened, batch| {
            pairs.into_iter().for_each(|(key, value)| batch.insert(&opened.data, key, value));
            Ok(())
        });
        written.map_err(|error| Trouble::Away(error.to_string()))?;
    }
}

fn cut(from: &Path) -> Trouble {
    Trouble::Damaged(format!("{} ends within an entry", PathBuf::from(from).display()))
}

fn put(file: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    file.write_all(&length.to_le_bytes())?;
    file.write_all(bytes)
}

/// The next key or value; none at the end.
fn take(file: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    if file.read(&mut length[..1])? == 0 {
        return Ok(None);
    }
    file.read_exact(&mut length[1..])?;
    let length = u32::from_le_bytes(length);
    if length > LENGTH_MAX {
        return Err(io::Error::other(format!("an entry of {length} bytes")));
    }
    let mut bytes = vec![0; length as usize];
    file.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use playhead_domain::Offset;
    use playhead_ports::{Advance, Dictionaries, DictionaryKey, Topic, TopicPartition};

    use super::*;
    use crate::Config;

    fn key(id: &str) -> DictionaryKey {
        DictionaryKey { dictionary: "users".into(), id: id.into() }
    }

    #[tokio::test]
    async fn what_is_exported_is_imported_with_its_checkpoints() {
        let own = tempfile::tempdir().expect("a folder");
        let (from, to) = (own.path().join("from"), own.path().join("to"));
        let config = Config { reserve_bytes: 0, ..Config::default() };
        let store = FjallDictionaries::open(&from, &config).expect("opened");
        let at = TopicPartition::new(&Topic::new("changes"), 2);
        let log_id = "log".parse().expect("an id");
        let advance = Advance { at: at.clone(), log_id, from: Offset(0), to: Offset(7) };
        let entry = |id: &str| (key(id), Some(Bytes::from(format!("{{\"_id\":\"{id}\"}}"))));
        store.change(vec![entry("a"), entry("ü"), (key("empty"), Some(Bytes::new()))], &[advance]).await.expect("in");
        let file = own.path().join("dump");
        store.export(&file).await.expect("exported");
        store.change(vec![(key("a"), None)], &[]).await.expect("changed");

        let other = FjallDictionaries::open(&to, &config).expect("opened");
        other.import(&file).await.expect("imported");
        let found = other.get(&[key("a"), key("ü"), key("empty"), key("none")]).await.expect("read");
        let found: Vec<Option<&[u8]>> = found.iter().map(|entry| entry.as_deref()).collect();
        assert_eq!(found, [Some(&b"{\"_id\":\"a\"}"[..]), Some("{\"_id\":\"ü\"}".as_bytes()), Some(b""), None]);
        assert_eq!(other.count("users").await.expect("counted"), 3);
        let standing = other.checkpoints(&[at]).await.expect("read");
        assert_eq!(standing[0].as_ref().map(|checkpoint| checkpoint.next), Some(Offset(7)));

        let whole = std::fs::read(&file).expect("read");
        for end in [0, FORM.len() - 1, FORM.len() + 2, whole.len() - 1] {
            std::fs::write(&file, &whole[..end]).expect("written");
            assert!(other.import(&file).await.is_err(), "cut at {end}");
        }
    }
}
