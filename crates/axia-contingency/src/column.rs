//! Columns of millions of numbers. On Linux the long ones lie in huge pages where the system gives them: handing out memory
//! in small pages takes longer than computing what is put there.

use std::fmt;
use std::ops::{Deref, DerefMut};

use memmap2::MmapMut;
use serde::{Deserialize, Serialize, Serializer};

/// Bytes of a huge page; elsewhere it may be another number, which costs nothing but speed.
const HUGE: usize = 2 << 20;

/// Shorter columns are plain lists.
const SHORT: usize = HUGE / size_of::<f64>();

/// Numbers, as many as there were at the start.
#[derive(Deserialize)]
#[serde(from = "Vec<f64>")]
pub(crate) struct Column {
    memory: Memory,
}

enum Memory {
    List(Vec<f64>),
    /// As bytes, the last of which may be too many. They start at a page, and so are numbers as well.
    Pages(MmapMut, usize),
}

impl Column {
    pub(crate) fn zeros(len: usize) -> Self {
        let memory = match pages(len) {
            Some(pages) => Memory::Pages(pages, len),
            None => Memory::List(vec![0.0; len]),
        };
        Self { memory }
    }
}

/// Huge pages, if the system has them and the column is long enough; all zeros.
#[cfg(target_os = "linux")]
fn pages(len: usize) -> Option<MmapMut> {
    if len < SHORT {
        return None;
    }
    // Whole huge pages: such memory starts at the border of one.
    let bytes = len.checked_mul(size_of::<f64>())?;
    let pages = MmapMut::map_anon(bytes.checked_next_multiple_of(HUGE)?).ok()?;
    // Without huge pages the memory is as good as any other.
    pages.advise(memmap2::Advice::HugePage).ok()?;
    Some(pages)
}

#[cfg(not(target_os = "linux"))]
fn pages(_: usize) -> Option<MmapMut> {
    None
}

impl Deref for Column {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        match &self.memory {
            Memory::List(numbers) => numbers,
            Memory::Pages(bytes, len) => {
                let numbers: &[f64] = bytemuck::cast_slice(bytes);
                numbers.get(..*len).unwrap_or_default()
            }
        }
    }
}

impl DerefMut for Column {
    fn deref_mut(&mut self) -> &mut [f64] {
        match &mut self.memory {
            Memory::List(numbers) => numbers,
            Memory::Pages(bytes, len) => {
                let numbers: &mut [f64] = bytemuck::cast_slice_mut(bytes);
                numbers.get_mut(..*len).unwrap_or_default()
            }
        }
    }
}

impl From<Vec<f64>> for Column {
    fn from(numbers: Vec<f64>) -> Self {
        Self {
            memory: Memory::List(numbers),
        }
    }
}

impl Clone for Column {
    fn clone(&self) -> Self {
        let mut copy = Self::zeros(self.len());
        copy.copy_from_slice(self);
        copy
    }
}

impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for Column {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_columns_are_as_short_ones() {
        for len in [0, 1, SHORT - 1, SHORT, SHORT + 1, 3 * SHORT + 5] {
            let mut column = Column::zeros(len);
            assert_eq!(column.len(), len);
            assert!(column.iter().all(|&number| number == 0.0));
            for (slot, number) in column.iter_mut().zip(0_u32..) {
                *slot = number.into();
            }
            let list = Column::from(column.to_vec());
            assert_eq!(column, list);
            assert_eq!(column.clone(), list);
            let written = serde_json::to_string(&column).unwrap();
            assert_eq!(serde_json::from_str::<Column>(&written).unwrap(), column);
        }
    }
}
