//! The table's file: `distill/table.py` writes it, this reads it.

use std::collections::HashMap;

use crate::Error;

/// The table that ships with the crate.
static BYTES: &[u8] = include_bytes!("table.axt");

/// First line of the file: its format and the format's version.
const MAGIC: &str = "axia static table 1";

/// Rows of 8-bit codes with a scale each, and the piece of a word that each row stands for.
///
/// Pieces and codes stay where they are in the program; only the way to them is built at load.
pub(super) struct Table {
    /// The piece of each row; those that go on within a word begin with `##`.
    pieces: Vec<&'static str>,
    /// Rows of the pieces that begin a word.
    starts: HashMap<&'static str, u32>,
    /// Rows of the pieces that go on within a word, without the `##` in front.
    inner: HashMap<&'static str, u32>,
    /// Length in bytes of the longest piece.
    longest: usize,
    scales: Vec<f32>,
    codes: &'static [u8],
    dim: usize,
    digest: &'static str,
}

impl Table {
    /// The table that ships with the crate.
    pub(super) fn bundled() -> Result<Self, Error> {
        Self::read(BYTES)
    }

    fn read(bytes: &'static [u8]) -> Result<Self, Error> {
        let (header, body) = split(bytes, b"\n\n").ok_or_else(|| Error::table("header"))?;
        let header = std::str::from_utf8(header).map_err(|_| Error::table("header"))?;
        if header.lines().next() != Some(MAGIC) {
            return Err(Error::table("format"));
        }
        let field = |name: &'static str| {
            header
                .lines()
                .filter_map(|line| line.split_once(' '))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value)
                .ok_or_else(|| Error::table(name))
        };
        let number = |name: &'static str| {
            field(name)?
                .parse::<usize>()
                .map_err(|_| Error::table(name))
        };
        let (rows, dim, length) = (number("rows")?, number("dim")?, number("pieces")?);
        let digest = field("sha256")?;
        if dim == 0 || u32::try_from(rows).is_err() || digest.len() != 64 || !digest.is_ascii() {
            return Err(Error::table("header"));
        }

        let (pieces, rest) = body
            .split_at_checked(length)
            .ok_or_else(|| Error::table("pieces"))?;
        let (scales, codes) = rest
            .split_at_checked(4 * rows)
            .ok_or_else(|| Error::table("scales"))?;
        if codes.len() != rows * dim {
            return Err(Error::table("codes"));
        }
        let (scales, _) = scales.as_chunks::<4>();

        let pieces = std::str::from_utf8(pieces).map_err(|_| Error::table("pieces"))?;
        let mut table = Self {
            pieces: pieces.lines().collect(),
            starts: HashMap::with_capacity(rows),
            inner: HashMap::new(),
            longest: 0,
            scales: scales
                .iter()
                .map(|four| f32::from_le_bytes(*four))
                .collect(),
            codes,
            dim,
            digest,
        };
        for (row, piece) in (0_u32..).zip(&table.pieces) {
            let (place, piece) = match piece.strip_prefix("##") {
                Some(piece) => (&mut table.inner, piece),
                None => (&mut table.starts, *piece),
            };
            place.insert(piece, row);
            table.longest = table.longest.max(piece.len());
        }
        let known = table.starts.len() + table.inner.len();
        if table.pieces.len() != rows || known != rows {
            return Err(Error::table("pieces"));
        }
        Ok(table)
    }

    pub(super) fn dim(&self) -> usize {
        self.dim
    }

    pub(super) fn len(&self) -> usize {
        self.scales.len()
    }

    /// SHA-256 of all that follows the header, in hexadecimal digits.
    pub(super) fn digest(&self) -> &'static str {
        self.digest
    }

    /// The row of the longest piece that `rest` of a word begins with, and the piece's length.
    pub(super) fn longest_piece(&self, rest: &str, begins_word: bool) -> Option<(u32, usize)> {
        let pieces = if begins_word {
            &self.starts
        } else {
            &self.inner
        };
        // A length that ends inside a character gives no text to look up.
        (1..=rest.len().min(self.longest))
            .rev()
            .find_map(|length| Some((*pieces.get(rest.get(..length)?)?, length)))
    }

    /// The piece that a row stands for.
    pub(super) fn piece(&self, row: u32) -> Option<&'static str> {
        self.pieces.get(row as usize).copied()
    }

    /// Adds a row to `sum`, which has [`dim`](Self::dim) values.
    pub(super) fn add(&self, row: u32, sum: &mut [f32]) {
        let row = row as usize;
        let codes = self.codes.get(row * self.dim..(row + 1) * self.dim);
        let (Some(codes), Some(&scale)) = (codes, self.scales.get(row)) else {
            return;
        };
        for (value, &code) in sum.iter_mut().zip(codes) {
            *value += scale * f32::from(code.cast_signed());
        }
    }
}

/// What stands before and after the first `mark`.
fn split(bytes: &'static [u8], mark: &[u8]) -> Option<(&'static [u8], &'static [u8])> {
    let at = bytes
        .windows(mark.len())
        .position(|window| window == mark)?;
    Some((bytes.get(..at)?, bytes.get(at + mark.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &[u8] = b"axia static table 1\nrows 2\ndim 2\npieces 7\n\
        sha256 0000000000000000000000000000000000000000000000000000000000000000\n\n\
        ##b\nab\n\x00\x00\x80\x3f\x00\x00\x00\x40\x01\xff\x02\x00";

    #[test]
    fn reads_pieces_scales_and_codes() {
        let table = Table::read(SMALL).unwrap();
        assert_eq!((table.len(), table.dim()), (2, 2));
        assert_eq!(table.longest_piece("abb", true), Some((1, 2)));
        assert_eq!(table.longest_piece("b", false), Some((0, 1)));
        assert_eq!(table.longest_piece("b", true), None);
        let mut sum = [0.0; 2];
        table.add(0, &mut sum);
        table.add(1, &mut sum);
        assert_eq!(sum.map(f32::to_bits), [5.0_f32, -1.0].map(f32::to_bits));
    }

    #[test]
    fn a_damaged_file_is_an_error() {
        for cut in 0..SMALL.len() {
            assert!(Table::read(&SMALL[..cut]).is_err(), "cut at {cut}");
        }
        for (from, to) in [
            ("rows 2", "rows 3"),
            ("dim 2", "dim 0"),
            ("table 1", "table 2"),
        ] {
            let at = SMALL
                .windows(from.len())
                .position(|window| window == from.as_bytes())
                .unwrap();
            let mut text = SMALL.to_vec();
            text[at..at + to.len()].copy_from_slice(to.as_bytes());
            assert!(Table::read(text.leak()).is_err(), "{to}");
        }
    }
}
