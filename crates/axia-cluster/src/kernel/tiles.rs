//! From whole rows and panels to tiles: the one place where slices become pointers.

use super::LANES;
use super::isa::{Form, Isa, Kind};
use super::panels::Line;
use super::plain::short_product;
use super::portable;
#[cfg(target_arch = "x86_64")]
use super::x86::{
    ROWS_256, ROWS_512, Tile, dots_bf16, dots_bytes, tile_avx2, tile_avx512, tile_bf16, tile_bytes,
};

/// Most rows of one call of [`scores`].
pub(super) const ROWS: usize = 12;

/// Scores of up to [`ROWS`] rows with one panel.
#[repr(C, align(64))]
pub(super) struct Scores(pub(super) [[f32; LANES]; ROWS]);

/// Writes `start + rows[i] · columns` for each of the rows that `which` names. Rows and the panel are
/// of one form, which the [`Isa`] must have; with bytes all is in whole numbers, as the bits of `f32`.
///
/// # Panics
///
/// If `which` names more than [`ROWS`] rows, or a row outside `rows`, or the panel is not `depth`
/// deep.
#[inline]
#[allow(clippy::too_many_arguments)] // a matrix product has so many
pub(super) fn scores(
    isa: Isa,
    form: Form,
    rows: &[f32],
    depth: usize,
    which: &[u32],
    panel: &[Line],
    start: &[f32; LANES],
    out: &mut Scores,
) {
    assert!(which.len() <= ROWS && panel.len() == 2 * depth);
    let row = |index: u32| &rows[index as usize * depth..][..depth];
    #[cfg(target_arch = "x86_64")]
    let pointers = {
        let mut pointers = [std::ptr::null(); ROWS];
        for (pointer, &index) in pointers.iter_mut().zip(which) {
            *pointer = row(index).as_ptr();
        }
        pointers
    };
    #[cfg(target_arch = "x86_64")]
    let tile = Tile {
        rows: &pointers[..which.len()],
        depth,
        panel: panel.as_ptr().cast(),
        start: start.as_ptr(),
        out: out.0.as_mut_ptr().cast(),
        width: LANES,
    };
    match isa.kind() {
        Kind::Portable => {
            for (&index, out) in which.iter().zip(&mut out.0) {
                portable::row(row(index), panel, start, out);
            }
        }
        // SAFETY: an `Isa` of this kind exists only where the instructions were detected. The
        // pointers come from slices of `depth` values, the panel holds `depth` times `LANES`, and
        // `out` has room for `ROWS` rows.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => {
            for at in (0..which.len()).step_by(ROWS_256) {
                let here = at..which.len().min(at + ROWS_256);
                // SAFETY: as above, for a part of the rows and of `out`.
                unsafe {
                    tile_avx2(Tile {
                        rows: &pointers[here],
                        out: tile.out.add(at * LANES),
                        ..tile
                    });
                }
            }
        }
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 | Kind::Avx512Bf16 if which.is_empty() => {}
        // SAFETY: as above; where bfloat16 was detected there are products of bytes, too.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512Bf16 if form == Form::Pairs => unsafe { tile_bf16(tile) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512Bf16 if form == Form::Bytes => unsafe { tile_bytes(tile) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 | Kind::Avx512Bf16 => unsafe { tile_avx512(tile) },
    }
}

/// Columns that [`dots`] works on at a time.
pub(super) const COLUMNS: usize = 8;

/// Writes the inner product of the row with each of the columns that `which` names; `columns` holds
/// them one after the other. `out` has so many places, filled up to a multiple of [`COLUMNS`]. All are of
/// one form, as in [`scores`].
///
/// # Panics
///
/// If `which` names a column outside `columns`, or not as many as `out` has places.
#[inline]
pub(super) fn dots(
    isa: Isa,
    form: Form,
    row: &[f32],
    columns: &[f32],
    which: &[u32],
    out: &mut [f32],
) {
    let depth = row.len();
    let last = which.iter().fold(0, |most, &column| most.max(column)) as usize;
    assert!(
        which.len().next_multiple_of(COLUMNS) == out.len() && columns.len() >= depth * (last + 1)
    );
    #[cfg(target_arch = "x86_64")]
    if isa.kind() == Kind::Avx512Bf16 && form != Form::Single {
        let (row, columns) = (row.as_ptr(), columns.as_ptr());
        // SAFETY: an `Isa` of this kind exists only where the instructions were detected; the last
        // column named is within `columns`, and so are the others.
        unsafe {
            if form == Form::Pairs {
                dots_bf16(row, depth, columns, which, out);
            } else {
                dots_bytes(row, depth, columns, which, out);
            }
        }
        return;
    }
    debug_assert!(form == Form::Single, "the form has its instructions");
    for (&column, out) in which.iter().zip(out) {
        *out = short_product(isa, row, &columns[column as usize * depth..][..depth]);
    }
}

/// Products of all rows with one panel, from column `first` of `out` on, `width` apart.
pub(super) fn products(
    isa: Isa,
    rows: &[f32],
    depth: usize,
    panel: &[Line],
    first: usize,
    width: usize,
    out: &mut [f32],
) {
    assert!(rows.len().is_multiple_of(depth) && panel.len() == 2 * depth);
    assert!(first + LANES <= width && out.len() == rows.len() / depth * width);
    let zeros = [0.0_f32; LANES];
    let step = match isa.kind() {
        Kind::Portable => 1,
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => ROWS_256,
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 | Kind::Avx512Bf16 => ROWS_512,
    };
    for (rows, out) in rows.chunks(step * depth).zip(out.chunks_mut(step * width)) {
        if isa.kind() == Kind::Portable {
            portable::row(rows, panel, &zeros, &mut out[first..first + LANES]);
            continue;
        }
        #[cfg(target_arch = "x86_64")]
        {
            let mut pointers = [std::ptr::null(); ROWS];
            for (pointer, row) in pointers.iter_mut().zip(rows.chunks_exact(depth)) {
                *pointer = row.as_ptr();
            }
            let tile = Tile {
                rows: &pointers[..rows.len() / depth],
                depth,
                panel: panel.as_ptr().cast(),
                start: zeros.as_ptr(),
                out: out[first..].as_mut_ptr(),
                width,
            };
            // SAFETY: an `Isa` of this kind exists only where the instructions were detected. The
            // pointers come from slices of `depth` values, the panel holds `depth` times `LANES`,
            // and each of the rows has `LANES` places from `first` on in `out`.
            unsafe {
                if isa.kind() == Kind::Avx2 {
                    tile_avx2(tile);
                } else {
                    tile_avx512(tile);
                }
            }
        }
    }
}
