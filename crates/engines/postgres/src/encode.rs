//! Staged rows in the binary form of COPY.

use bytes::Bytes;
use playhead_ports::{FieldType, FieldValues, Staged, decimal};

use crate::numeric;

/// A chunk is sent once it has this many bytes.
const CHUNK_BYTES: usize = 256 << 10;
/// 2000-01-01, where the server's days and times begin.
const EPOCH_DAYS: i64 = 10_957;
const EPOCH_MICROS: i64 = EPOCH_DAYS * 86_400_000_000;
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const NULL: [u8; 4] = (-1_i32).to_be_bytes();
const END: [u8; 2] = (-1_i16).to_be_bytes();

/// The chunks of a COPY of these rows, which have no [`Staged::problem`].
pub(crate) fn chunks(staged: &Staged) -> impl Iterator<Item = Bytes> {
    let rows = staged.rows();
    let mut chunk = SIGNATURE.to_vec();
    let mut row = 0;
    std::iter::from_fn(move || {
        if row > rows {
            return None;
        }
        while row < rows && chunk.len() < CHUNK_BYTES {
            put_row(staged, row, &mut chunk);
            row += 1;
        }
        if row == rows && chunk.len() < CHUNK_BYTES {
            chunk.extend_from_slice(&END);
            row += 1;
        }
        let next = Vec::with_capacity(if row < rows { CHUNK_BYTES + CHUNK_BYTES / 8 } else { 0 });
        Some(Bytes::from(std::mem::replace(&mut chunk, next)))
    })
}

fn put_row(staged: &Staged, row: usize, to: &mut Vec<u8>) {
    to.extend_from_slice(&(staged.fields.len() as i16).to_be_bytes());
    for (field, values) in staged.fields.iter().zip(&staged.values) {
        if put_value(field.of, values, row, to).is_none() {
            to.extend_from_slice(&NULL);
        }
    }
}

/// Appends the value with its length in front; none, and nothing, if it is null.
fn put_value(of: FieldType, values: &FieldValues, row: usize, to: &mut Vec<u8>) -> Option<()> {
    match (of, values) {
        (FieldType::Decimal { precision, scale }, FieldValues::Text(values)) => {
            let units = values[row].as_ref().and_then(|text| decimal(text, precision, scale))?;
            numeric::put(units, scale, to);
        }
        (FieldType::Json, FieldValues::Text(values)) => {
            let text = values[row].as_ref()?;
            // The version of the form, then the text.
            to.extend_from_slice(&length(text.len() + 1));
            to.push(1);
            to.extend_from_slice(text.as_bytes());
        }
        (_, FieldValues::Text(values)) => put_bytes(values[row].as_ref()?.as_bytes(), to),
        (_, FieldValues::Bytes(values)) => put_bytes(values[row].as_ref()?, to),
        (FieldType::Date, FieldValues::Int(values)) => {
            put_bytes(&((values[row]? - EPOCH_DAYS) as i32).to_be_bytes(), to)
        }
        (FieldType::Time, FieldValues::Int(values)) => put_bytes(&(values[row]? - EPOCH_MICROS).to_be_bytes(), to),
        (_, FieldValues::Int(values)) => put_bytes(&values[row]?.to_be_bytes(), to),
        (_, FieldValues::Float(values)) => put_bytes(&values[row]?.to_be_bytes(), to),
        (_, FieldValues::Bool(values)) => put_bytes(&[u8::from(values[row]?)], to),
    }
    Some(())
}

fn put_bytes(bytes: &[u8], to: &mut Vec<u8>) {
    to.extend_from_slice(&length(bytes.len()));
    to.extend_from_slice(bytes);
}

/// A value beyond 2 GiB is beyond what a message to the server can hold, so the server refuses its length.
fn length(bytes: usize) -> [u8; 4] {
    i32::try_from(bytes).unwrap_or(i32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use playhead_ports::Field;

    use super::*;

    #[test]
    fn many_rows_come_in_chunks_with_one_end() {
        let mut staged = Staged::none_of("t", vec![Field { name: "a".to_owned(), of: FieldType::Int }]);
        staged.values[0] = FieldValues::Int((0..100_000).map(Some).collect());
        let all: Vec<Bytes> = chunks(&staged).collect();
        assert!(all.len() > 3);
        let whole = all.concat();
        assert_eq!(whole.len(), SIGNATURE.len() + 100_000 * (2 + 4 + 8) + 2);
        assert_eq!(whole[whole.len() - 2..], END);
    }

    #[test]
    fn no_rows_are_a_beginning_and_an_end() {
        let staged = Staged::none_of("t", vec![Field { name: "a".to_owned(), of: FieldType::Int }]);
        assert_eq!(chunks(&staged).collect::<Vec<_>>().concat(), [SIGNATURE, &END].concat());
    }
}
