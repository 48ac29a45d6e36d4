//! Reads matrices of `f32` from NumPy's files, and writes what was found as such files.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use crate::Error;

const MAGIC: &[u8] = b"\x93NUMPY";

/// A matrix: values row by row, and the length of a row.
pub(crate) struct Matrix {
    pub(crate) values: Vec<f32>,
    pub(crate) columns: usize,
}

/// Reads a two-dimensional little-endian `f32` array in C order, without a second copy in memory.
pub(crate) fn read(path: &Path) -> Result<Matrix, Error> {
    let wrong = |what: &str| Error::from(format!("{}: {what}", path.display()));
    let file = File::open(path).map_err(|error| wrong(&error.to_string()))?;
    let mut file = BufReader::with_capacity(1 << 20, file);
    let mut start = [0; 8];
    file.read_exact(&mut start)?;
    if start[..6] != *MAGIC {
        return Err(wrong("not a .npy file"));
    }
    let length = if start[6] == 1 {
        let mut length = [0; 2];
        file.read_exact(&mut length)?;
        usize::from(u16::from_le_bytes(length))
    } else {
        let mut length = [0; 4];
        file.read_exact(&mut length)?;
        usize::try_from(u32::from_le_bytes(length))?
    };
    let mut header = vec![0; length];
    file.read_exact(&mut header)?;
    let header = String::from_utf8_lossy(&header);
    if !header.contains("'<f4'") || !header.contains("'fortran_order': False") {
        return Err(wrong("must hold little-endian f32 in C order"));
    }
    let shape: Vec<usize> = header
        .split_once("'shape': (")
        .and_then(|(_, rest)| rest.split_once(')'))
        .map(|(shape, _)| {
            shape
                .split(',')
                .filter_map(|n| n.trim().parse().ok())
                .collect()
        })
        .unwrap_or_default();
    let [rows, columns] = shape[..] else {
        return Err(wrong("must hold two dimensions"));
    };
    let count = rows
        .checked_mul(columns)
        .ok_or_else(|| wrong("too large"))?;
    let mut values = Vec::with_capacity(count);
    let mut bytes = vec![0; 1 << 20];
    while values.len() < count {
        let here = bytes.len().min(4 * (count - values.len()));
        file.read_exact(&mut bytes[..here])?;
        let (words, _) = bytes[..here].as_chunks::<4>();
        values.extend(words.iter().map(|&word| f32::from_le_bytes(word)));
    }
    Ok(Matrix { values, columns })
}

/// A number that such files can hold.
pub(crate) trait Number: Copy {
    /// NumPy's name of the type.
    const NAME: &'static str;

    fn write(self, file: &mut impl Write) -> std::io::Result<()>;
}

macro_rules! numbers {
    ($($type:ty: $name:literal),*) => {$(
        impl Number for $type {
            const NAME: &'static str = $name;

            fn write(self, file: &mut impl Write) -> std::io::Result<()> {
                file.write_all(&self.to_le_bytes())
            }
        }
    )*};
}
numbers!(u32: "<u4", i32: "<i4", f32: "<f4", f64: "<f8");

/// Writes numbers, `columns` to a row; one column is written as a flat array.
pub(crate) fn write<T: Number>(path: &Path, values: &[T], columns: usize) -> Result<(), Error> {
    let shape = match columns {
        1 => format!("({},)", values.len()),
        _ => format!("({}, {columns})", values.len() / columns),
    };
    let name = T::NAME;
    let mut header = format!("{{'descr': '{name}', 'fortran_order': False, 'shape': {shape}, }}");
    while !(header.len() + 11).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(MAGIC)?;
    file.write_all(&[1, 0])?;
    file.write_all(&u16::try_from(header.len())?.to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    for value in values {
        value.write(&mut file)?;
    }
    file.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]

    use super::*;

    #[test]
    fn what_is_no_matrix_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("labels.npy");
        write(&path, &[1, 2, 3], 1).expect("written");
        let error = read(&path).err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains("f32")));
        std::fs::write(&path, b"no array").expect("written");
        assert!(read(&path).is_err());
    }

    #[test]
    fn a_matrix_is_read_row_by_row() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("matrix.npy");
        let bits: Vec<u32> = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0]
            .map(f32::to_bits)
            .to_vec();
        write(&path, &bits, 3).expect("written");
        let bytes = std::fs::read(&path).expect("read");
        let at = bytes.windows(4).position(|w| w == b"'<u4").expect("there");
        let mut bytes = bytes;
        bytes[at + 2] = b'f';
        std::fs::write(&path, bytes).expect("written");
        let matrix = read(&path).expect("a matrix");
        assert_eq!(matrix.columns, 3);
        assert_eq!(matrix.values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    }
}
