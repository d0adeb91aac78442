//! A CSV file of events with a header row.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::{Context as _, bail};
use csv::StringRecord;
use playhead_domain::Limits;

use super::event_line::EventLine;
use super::row::{Row, Rows};

const NEEDED: [&str; 4] = ["user_id", "video_id", "event_time", "position_ms"];
const OPTIONAL: [&str; 6] = ["play_id", "seq", "duration_ms", "kind", "device", "session"];

/// Which column each field stands in.
struct Header(Vec<String>);

impl Header {
    fn new(record: &StringRecord) -> anyhow::Result<Self> {
        let names: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
        for (at, name) in names.iter().enumerate() {
            if !NEEDED.contains(&name.as_str()) && !OPTIONAL.contains(&name.as_str()) {
                bail!(
                    "column `{name}` is no field of an event; these are: {}",
                    [&NEEDED[..], &OPTIONAL[..]].concat().join(", ")
                );
            }
            if names[..at].contains(name) {
                bail!("column `{name}` is there twice");
            }
        }
        if let Some(missing) = NEEDED.iter().find(|needed| !names.iter().any(|name| name == *needed)) {
            bail!("the first line must name the columns; `{missing}` is missing");
        }
        Ok(Self(names))
    }

    /// The field's text; none if the cell is empty or the column is not there.
    fn text<'a>(&self, record: &'a StringRecord, field: &str) -> Option<&'a str> {
        let at = self.0.iter().position(|name| name == field)?;
        record.get(at).filter(|text| !text.is_empty())
    }

    fn number(&self, record: &StringRecord, field: &str) -> Result<Option<u64>, String> {
        let Some(text) = self.text(record, field) else { return Ok(None) };
        text.trim().parse().map(Some).map_err(|_| format!("{field}: must be a whole number, is `{text}`"))
    }

    fn line(&self, record: &StringRecord) -> Result<String, String> {
        if record.len() != self.0.len() {
            return Err(format!("has {} cells, the header has {}", record.len(), self.0.len()));
        }
        let must = |field: &str| format!("{field}: must be given");
        EventLine {
            user_id: self.text(record, "user_id").ok_or_else(|| must("user_id"))?,
            video_id: self.text(record, "video_id").ok_or_else(|| must("video_id"))?,
            event_time: time(self.text(record, "event_time").ok_or_else(|| must("event_time"))?)?,
            position_ms: self.number(record, "position_ms")?.ok_or_else(|| must("position_ms"))?,
            play_id: self.text(record, "play_id"),
            seq: self.number(record, "seq")?,
            duration_ms: self.number(record, "duration_ms")?,
            kind: self.text(record, "kind"),
            device: self.text(record, "device"),
            session: self.text(record, "session"),
        }
        .to_json()
    }
}

/// Milliseconds since 1970, or a time as RFC 3339 writes it.
fn time(text: &str) -> Result<i64, String> {
    let text = text.trim();
    let ms = match text.parse::<i64>() {
        Ok(ms) => ms,
        Err(_) => text
            .parse::<jiff::Timestamp>()
            .map_err(|_| format!("event_time: must be ms since 1970 or an RFC 3339 time, is `{text}`"))?
            .as_millisecond(),
    };
    Limits::told_time("event_time", ms).map(|time| time.0).map_err(|error| error.to_string())
}

/// The rows of a file.
pub(super) fn rows(path: &Path) -> anyhow::Result<Rows> {
    let cannot = |what: &str| format!("cannot {what} {}", path.display());
    let mut file = BufReader::new(File::open(path).with_context(|| cannot("open"))?);
    let size_bytes = file.get_ref().metadata().map(|metadata| metadata.len()).unwrap_or(0);
    // Where lines end with CR LF, the reader says that a record begins between the two.
    let line_lag = u64::from(ends_with_cr_lf(file.fill_buf().with_context(|| cannot("read"))?));
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    // The reader takes off a byte order mark.
    let header = Header::new(reader.headers().with_context(|| cannot("read"))?).with_context(|| cannot("import"))?;
    let rows = reader.into_byte_records().zip(1..).map(move |(record, number)| {
        let record = record.map_err(std::io::Error::other)?;
        let (line, end_bytes) = record.position().map_or((0, 0), |position| (position.line(), position.byte()));
        let (record, content) = match StringRecord::from_byte_record(record) {
            Ok(record) => {
                let content = header.line(&record);
                (record, content)
            }
            Err(error) => {
                (StringRecord::from_byte_record_lossy(error.into_byte_record()), Err("is not UTF-8".to_owned()))
            }
        };
        Ok(Row { number, line: line + line_lag, end_bytes, text: as_csv(&record), content })
    });
    Ok(Rows { file: path.display().to_string(), size_bytes, rows: Box::new(rows) })
}

fn ends_with_cr_lf(bytes: &[u8]) -> bool {
    bytes.iter().position(|&byte| byte == b'\n').is_some_and(|at| bytes[..at].ends_with(b"\r"))
}

/// The record written again: its bytes may have been several lines.
fn as_csv(record: &StringRecord) -> String {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let written = writer.write_record(record).ok().and_then(|()| writer.into_inner().ok());
    String::from_utf8_lossy(&written.unwrap_or_default()).trim_end_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(text: &[u8]) -> anyhow::Result<Vec<(u64, Result<String, String>)>> {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("events.csv");
        std::fs::write(&path, text).expect("a file");
        Ok(rows(&path)?.rows.map(|row| row.expect("a row")).map(|row| (row.line, row.content)).collect())
    }

    #[test]
    fn rows_become_events_and_bad_ones_say_why() {
        let text = b"\xef\xbb\xbfuser_id, video_id,event_time,position_ms,kind\r\n\
            u1,v1,1365029107000,5000,\r\n\
            u1,\"v,1\",2013-04-03T22:45:07Z,5000,pause\r\n\
            u1,v1,yesterday,5000,\r\n\
            u1,v1,1365029107000,-1,\r\n\
            u1,v1\r\n\
            ,v1,5,5,\r\n\
            u\xff,v1,5,5,\r\n\
            u1,v1,1365029107,5,\r\n\
            u9,v9,1365029107000,5,seek\r\n";
        let rows = contents(text).expect("a header");
        let good = r#"{"user_id":"u1","video_id":"v1","event_time":1365029107000,"position_ms":5000}"#;
        let quoted =
            r#"{"user_id":"u1","video_id":"v,1","event_time":1365029107000,"position_ms":5000,"kind":"pause"}"#;
        assert_eq!(rows[0], (2, Ok(good.to_owned())));
        assert_eq!(rows[1], (3, Ok(quoted.to_owned())));
        let whys: Vec<&str> =
            rows.iter().filter_map(|(_, content)| content.as_ref().err()).map(String::as_str).collect();
        assert_eq!(
            whys,
            [
                "event_time: must be ms since 1970 or an RFC 3339 time, is `yesterday`",
                "position_ms: must be a whole number, is `-1`",
                "has 2 cells, the header has 5",
                "user_id: must be given",
                "is not UTF-8",
                "event_time: must be 946684800000 (2000-01-01) to 253402300799999 in ms since 1970-01-01T00:00:00Z, \
                 is 1365029107, which seems to be seconds",
            ]
        );
        assert!(rows.last().is_some_and(|(line, content)| *line == 10 && content.is_ok()));
    }

    #[test]
    fn a_header_must_name_the_fields() {
        let why = |text: &str| format!("{:#}", contents(text.as_bytes()).expect_err("refused"));
        assert!(why("user_id,video_id,event_time\n").contains("`position_ms` is missing"));
        assert!(why("user_id,video_id,event_time,position_ms,colour\n").contains("`colour` is no field"));
        assert!(why("user_id,video_id,event_time,position_ms,seq,seq\n").contains("`seq` is there twice"));
    }
}
