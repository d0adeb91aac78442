//! A Parquet file as lines of JSON, an object a row, by the engine's own reader: in memory that the engine bounds, without a
//! database.

use std::path::Path;

use duckdb::Connection;

use crate::open::literal;

/// Why a Parquet file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParquetError(String);

impl From<duckdb::Error> for ParquetError {
    fn from(error: duckdb::Error) -> Self {
        Self(error.to_string())
    }
}

/// Writes the rows of a Parquet file, in their order, as lines of JSON: bytes in hexadecimal digits, times in UTC with six
/// digits after the second's point at most, decimals as numbers with all their digits.
pub fn parquet_to_lines(from: &Path, to: &Path) -> Result<(), ParquetError> {
    let connection = Connection::open_in_memory()?;
    let file = literal(&from.to_string_lossy());
    let mut described = connection.prepare(&format!("DESCRIBE SELECT * FROM read_parquet({file})"))?;
    let columns = described.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let members: Vec<String> =
        columns.map(|column| column.map(|(name, of)| member(&name, &of))).collect::<Result<_, _>>()?;
    let (members, to) = (members.join(" || ',' || "), literal(&to.to_string_lossy()));
    // JSON text has no control characters, so nothing in a line is ever quoted or taken for the end of it.
    connection.execute_batch(&format!(
        "COPY (SELECT '{{' || {members} || '}}' FROM read_parquet({file})) TO {to} \
         (FORMAT csv, HEADER false, DELIMITER '\u{1}', QUOTE '', ESCAPE '')"
    ))?;
    Ok(())
}

/// A column as the text of a member of a JSON object, so that nothing of it is lost: the engine's own JSON has decimals and
/// large numbers as numbers of 64 bits.
fn member(name: &str, of: &str) -> String {
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    let is_number = of.starts_with("DECIMAL") || of.ends_with("INT") || of.ends_with("INTEGER");
    let value = match of {
        "BLOB" => format!("to_json(lower(hex({quoted})))"),
        "TIMESTAMP WITH TIME ZONE" => format!("to_json(make_timestamp(epoch_us({quoted})))"),
        "TIMESTAMP_NS" | "TIMESTAMP_MS" | "TIMESTAMP_S" => format!("to_json({quoted}::TIMESTAMP)"),
        _ if is_number => quoted,
        _ => format!("to_json({quoted})"),
    };
    format!("to_json({}::VARCHAR)::VARCHAR || ':' || coalesce({value}::VARCHAR, 'null')", literal(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_in_their_order_with_all_their_digits() {
        let own = tempfile::tempdir().expect("a folder");
        let (file, lines) = (own.path().join("it's.parquet"), own.path().join("lines"));
        let connection = Connection::open_in_memory().expect("opened");
        let rows = "SELECT 'a' AS \"a \"\"b\", 1.50::DECIMAL(38,2) AS d, '\\xAB\\x00'::BLOB AS x, \
                    TIMESTAMP '2026-01-31 12:00:00.123456' AS t, TRUE AS y, NULL::VARCHAR AS n, [1, 2] AS l \
                    UNION ALL SELECT 'ü', 99999999999999999999.99, NULL, NULL, NULL, '', NULL";
        let file_text = literal(&file.to_string_lossy());
        connection.execute_batch(&format!("COPY ({rows}) TO {file_text} (FORMAT parquet)")).expect("written");
        parquet_to_lines(&file, &lines).expect("read");
        let text = std::fs::read_to_string(&lines).expect("lines");
        let found: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(found.len(), 2);
        let first = serde_json::json!({
            "a \"b": "a", "d": 1.50, "x": "ab00", "t": "2026-01-31 12:00:00.123456", "y": true, "n": null, "l": [1, 2],
        });
        assert_eq!(found[0], first);
        assert!(text.contains("\"d\":99999999999999999999.99,") && found[1]["n"] == "", "{text}");
        assert!(parquet_to_lines(&lines, &own.path().join("other")).is_err());
    }
}
