//! What a set of conversations shows of two facets: the counts from which all associations are measured.

use serde::{Deserialize, Serialize};

use crate::cells::{Accumulator, Cell, grow, key, merge_sorted};
use crate::error::Error;
use crate::table::Table;

/// How many conversations have each row category, each column category, and both.
///
/// A conversation may have any number of categories of either facet, none included: the values that it shows, its one
/// task, its topics. Categories are integers below the shape given. From these counts follow all three
/// [estimands](crate::Estimand). The conversations themselves are not kept; [`Conversations`](crate::Conversations) do that,
/// for more than two facets too, and give these counts by [`observe`](crate::Conversations::observe).
///
/// # Privacy
/// Holds counts only: no conversation or user ids.
///
/// ```
/// use axia_contingency::Observations;
///
/// // One task of two, any of three values.
/// let mut builder = Observations::builder(2, 3);
/// builder.push(100, &[0], &[0, 2])?;
/// builder.push(101, &[1], &[2])?;
/// builder.push(102, &[1], &[])?;
/// let observations = builder.build()?;
/// assert_eq!(observations.conversations(), 3);
/// assert_eq!(observations.row_totals(), [1, 2]);
/// assert_eq!(observations.col_totals(), [1, 0, 2]);
/// assert_eq!(observations.mentions(), 3);
/// # Ok::<(), axia_contingency::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredObservations", into = "StoredObservations")]
pub struct Observations {
    stored: StoredObservations,
    mentions: u64,
    pairs: u64,
}

/// The written form. Mentions and pairs follow from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredObservations {
    conversations: u64,
    row_totals: Vec<u64>,
    col_totals: Vec<u64>,
    /// By row, then column; no zeros.
    cells: Vec<Cell>,
    /// Distinct users behind each of the cells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    users: Option<Vec<u64>>,
}

const CONVERSATIONS: &str = "conversations";
const MENTIONS: &str = "mentions of column categories";
const PAIRS: &str = "pairs of a row and a column category";

impl Observations {
    /// Gathers conversations whose row categories are below `n_rows` and whose column categories are below `n_cols`.
    ///
    /// Memory is of the order of `n_rows + n_cols`, plus the cells, plus 8 bytes per conversation.
    #[must_use]
    pub fn builder(n_rows: u32, n_cols: u32) -> ObservationsBuilder {
        ObservationsBuilder {
            conversations: 0,
            mentions: 0,
            row_totals: vec![0; n_rows as usize],
            col_totals: vec![0; n_cols as usize],
            cells: Accumulator::with_shape(n_rows, n_cols),
            ids: Vec::new(),
            users: UserCells::default(),
            without_user: false,
            rows: Vec::new(),
            cols: Vec::new(),
        }
    }

    /// From the long form: records `(conversation, row, col)`, in any order.
    ///
    /// A record says that the conversation has that row category and that column category. A conversation's records are
    /// taken together: it has all their rows and all their columns, each counted once, so each of its rows meets each of
    /// its columns. Conversations that lack one of the facets do not appear in this form and hence not in any denominator;
    /// `others` is how many of them there are. (Those that have one facet only need the builder.)
    ///
    /// # Errors
    /// As [`ObservationsBuilder::push`].
    ///
    /// ```
    /// use axia_contingency::Observations;
    ///
    /// let observations = Observations::from_records(2, 3, 5, [(7, 0, 2), (9, 1, 1), (7, 0, 0), (7, 0, 2)])?;
    /// assert_eq!(observations.conversations(), 7);
    /// assert_eq!(observations.row_totals(), [1, 1]);
    /// # Ok::<(), axia_contingency::Error>(())
    /// ```
    pub fn from_records(
        n_rows: u32,
        n_cols: u32,
        others: u64,
        records: impl IntoIterator<Item = (u64, u32, u32)>,
    ) -> Result<Self, Error> {
        let mut records: Vec<(u64, u32, u32)> = records.into_iter().collect();
        records.sort_unstable();
        let mut builder = Self::builder(n_rows, n_cols);
        let (mut rows, mut cols) = (Vec::new(), Vec::new());
        for conversation in records.chunk_by(|a, b| a.0 == b.0) {
            rows.clear();
            cols.clear();
            rows.extend(conversation.iter().map(|record| record.1));
            cols.extend(conversation.iter().map(|record| record.2));
            if let Some(&(id, _, _)) = conversation.first() {
                builder.push(id, &rows, &cols)?;
            }
        }
        builder.push_empty(others)?;
        builder.build()
    }

    /// These observations and others together.
    ///
    /// The conversations must be different ones; that cannot be checked any more once they are counted.
    ///
    /// # Errors
    /// [`Error::is_not_mergeable`] when the shapes differ, or when either side has counts of distinct users, which cannot
    /// be added (merge the builders then); [`Error::is_overflow`] above 2^53.
    ///
    /// # Determinism
    /// Merging is associative and commutative down to the bytes.
    pub fn merge(&self, other: &Self) -> Result<Self, Error> {
        let (a, b) = (&self.stored, &other.stored);
        if self.shape() != other.shape() {
            return Err(Error::shape_mismatch(self.shape(), other.shape()));
        }
        if a.users.is_some() || b.users.is_some() {
            return Err(Error::users_not_additive());
        }
        let conversations = grow(a.conversations, b.conversations, CONVERSATIONS)?;
        let mentions = grow(self.mentions, other.mentions, MENTIONS)?;
        let pairs = grow(self.pairs, other.pairs, PAIRS)?;
        let add = |x: &[u64], y: &[u64]| x.iter().zip(y).map(|(x, y)| x + y).collect();
        Ok(Self {
            stored: StoredObservations {
                conversations,
                row_totals: add(&a.row_totals, &b.row_totals),
                col_totals: add(&a.col_totals, &b.col_totals),
                cells: merge_sorted(&a.cells, &b.cells),
                users: None,
            },
            mentions,
            pairs,
        })
    }

    /// Number of row and of column categories, whether they occur or not.
    #[must_use]
    pub fn shape(&self) -> (u32, u32) {
        // Checked when made: both fit.
        (
            self.stored.row_totals.len() as u32,
            self.stored.col_totals.len() as u32,
        )
    }

    /// Number of conversations.
    #[must_use]
    pub fn conversations(&self) -> u64 {
        self.stored.conversations
    }

    /// Conversations that have each row category.
    #[must_use]
    pub fn row_totals(&self) -> &[u64] {
        &self.stored.row_totals
    }

    /// Conversations that have each column category.
    #[must_use]
    pub fn col_totals(&self) -> &[u64] {
        &self.stored.col_totals
    }

    /// Mentions in all: column categories, counted once per conversation that has them.
    #[must_use]
    pub fn mentions(&self) -> u64 {
        self.mentions
    }

    /// Pairs in all: row and column categories that met in a conversation, counted once per conversation.
    #[must_use]
    pub fn pairs(&self) -> u64 {
        self.pairs
    }

    /// For each pair that met, the conversations that have both; by row, then column.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.stored.cells
    }

    /// Distinct users behind each of the [`cells`](Self::cells), in their order.
    ///
    /// `None` unless every conversation came with its user.
    #[must_use]
    pub fn users(&self) -> Option<&[u64]> {
        self.stored.users.as_deref()
    }

    /// The co-occurrence counts as a contingency table, one count per pair and conversation.
    ///
    /// One conversation adds to several cells of it, so its counts are not independent observations. Residuals describe it
    /// well; the p-value of its [`chi_square`](Table::chi_square) is not that of a valid test.
    #[must_use]
    pub fn to_table(&self) -> Table {
        Table::from_sorted_cells(self.stored.cells.clone())
    }

    fn from_stored(stored: StoredObservations) -> Result<Self, Error> {
        grow(0, stored.conversations, CONVERSATIONS)?;
        let mut mentions = stored.col_totals.iter();
        let mut pairs = stored.cells.iter();
        Ok(Self {
            mentions: mentions.try_fold(0, |sum, &count| grow(sum, count, MENTIONS))?,
            pairs: pairs.try_fold(0, |sum, cell| grow(sum, cell.count, PAIRS))?,
            stored,
        })
    }
}

impl TryFrom<StoredObservations> for Observations {
    type Error = Error;

    fn try_from(stored: StoredObservations) -> Result<Self, Error> {
        let n = stored.conversations;
        let fits = |totals: &[u64]| {
            u32::try_from(totals.len()).is_ok() && totals.iter().all(|&total| total <= n)
        };
        if !fits(&stored.row_totals) || !fits(&stored.col_totals) {
            return Err(Error::inconsistent(
                "a margin is above the number of conversations",
            ));
        }
        if !stored
            .cells
            .is_sorted_by(|a, b| key(a.row, a.col) < key(b.row, b.col))
        {
            return Err(Error::inconsistent("cells are not in order"));
        }
        let cell_fits = |cell: &Cell| {
            let row = stored.row_totals.get(cell.row as usize);
            let col = stored.col_totals.get(cell.col as usize);
            row.zip(col).is_some_and(|(&row, &col)| {
                cell.count > 0
                    && cell.count <= row
                    && cell.count <= col
                    && col - cell.count <= n - row
            })
        };
        if !stored.cells.iter().all(cell_fits) {
            return Err(Error::inconsistent("a cell does not fit its margins"));
        }
        if let Some(users) = &stored.users {
            let within = |(&users, cell): (&u64, &Cell)| users > 0 && users <= cell.count;
            if users.len() != stored.cells.len() || !users.iter().zip(&stored.cells).all(within) {
                return Err(Error::inconsistent("counts of users do not fit the cells"));
            }
        }
        Self::from_stored(stored)
    }
}

impl From<Observations> for StoredObservations {
    fn from(observations: Observations) -> Self {
        observations.stored
    }
}

/// Gathers [`Observations`] from a stream of conversations.
///
/// Many builders can work on parts of the data and be [merged](Self::merge), in any order, to the same result.
#[derive(Clone)]
pub struct ObservationsBuilder {
    conversations: u64,
    mentions: u64,
    row_totals: Vec<u64>,
    col_totals: Vec<u64>,
    cells: Accumulator,
    /// Every conversation's id, to find those given twice.
    ids: Vec<u64>,
    users: UserCells,
    /// Whether a conversation came without its user.
    without_user: bool,
    /// Scratch space for one conversation's distinct categories.
    rows: Vec<u32>,
    cols: Vec<u32>,
}

impl std::fmt::Debug for ObservationsBuilder {
    /// Sizes only: the ids of conversations and users stay out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObservationsBuilder")
            .field("conversations", &self.conversations)
            .field("n_rows", &self.row_totals.len())
            .field("n_cols", &self.col_totals.len())
            .finish_non_exhaustive()
    }
}

impl ObservationsBuilder {
    /// Counts one conversation with its row and its column categories. Repeated categories count once; either list may be
    /// empty, and the conversation still counts in the denominator.
    ///
    /// # Errors
    /// [`Error::is_out_of_range`] for a category outside the shape, [`Error::is_overflow`] above 2^53 conversations,
    /// mentions or pairs. The builder is unchanged then.
    pub fn push(&mut self, conversation: u64, rows: &[u32], cols: &[u32]) -> Result<(), Error> {
        self.count(conversation, None, rows, cols)
    }

    /// Counts one conversation of a known user. With a user for every conversation, the result has the number of distinct
    /// users behind each cell.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    ///
    /// ```
    /// use axia_contingency::Observations;
    ///
    /// let mut builder = Observations::builder(1, 1);
    /// builder.push_with_user(1, 70, &[0], &[0])?;
    /// builder.push_with_user(2, 70, &[0], &[0])?;
    /// builder.push_with_user(3, 71, &[0], &[0])?;
    /// assert_eq!(builder.build()?.users(), Some([2].as_slice()));
    /// # Ok::<(), axia_contingency::Error>(())
    /// ```
    pub fn push_with_user(
        &mut self,
        conversation: u64,
        user: u64,
        rows: &[u32],
        cols: &[u32],
    ) -> Result<(), Error> {
        self.count(conversation, Some(user), rows, cols)
    }

    /// Counts conversations that have no category of either facet, so that they are in the denominator.
    ///
    /// # Errors
    /// [`Error::is_overflow`] above 2^53 conversations.
    pub fn push_empty(&mut self, conversations: u64) -> Result<(), Error> {
        self.conversations = grow(self.conversations, conversations, CONVERSATIONS)?;
        Ok(())
    }

    fn count(
        &mut self,
        conversation: u64,
        user: Option<u64>,
        rows: &[u32],
        cols: &[u32],
    ) -> Result<(), Error> {
        distinct(&mut self.rows, rows, "row", self.row_totals.len())?;
        distinct(&mut self.cols, cols, "column", self.col_totals.len())?;
        let conversations = grow(self.conversations, 1, CONVERSATIONS)?;
        let mentions = grow(self.mentions, self.cols.len() as u64, MENTIONS)?;
        // At most 2^32 distinct categories on each side, so the product fits.
        let pairs = (self.rows.len() as u64).saturating_mul(self.cols.len() as u64);
        self.cells.reserve(pairs, PAIRS)?;
        self.conversations = conversations;
        self.mentions = mentions;
        self.ids.push(conversation);
        self.without_user |= user.is_none();
        for (ids, totals) in [
            (&self.rows, &mut self.row_totals),
            (&self.cols, &mut self.col_totals),
        ] {
            for &id in ids {
                if let Some(total) = totals.get_mut(id as usize) {
                    *total += 1;
                }
            }
        }
        for &row in &self.rows {
            for &col in &self.cols {
                self.cells.add(row, col, 1);
                if let Some(user) = user {
                    self.users.add(row, col, user);
                }
            }
        }
        Ok(())
    }

    /// Adds another builder's conversations.
    ///
    /// # Errors
    /// [`Error::is_not_mergeable`] when the shapes differ; [`Error::is_overflow`] above 2^53 of anything. The builder is
    /// unchanged then.
    pub fn merge(&mut self, other: Self) -> Result<(), Error> {
        let shape = |b: &Self| (b.row_totals.len() as u32, b.col_totals.len() as u32);
        if shape(self) != shape(&other) {
            return Err(Error::shape_mismatch(shape(self), shape(&other)));
        }
        let conversations = grow(self.conversations, other.conversations, CONVERSATIONS)?;
        let mentions = grow(self.mentions, other.mentions, MENTIONS)?;
        let cells = other.cells.finish();
        self.cells
            .reserve(cells.iter().map(|cell| cell.count).sum(), PAIRS)?;
        self.conversations = conversations;
        self.mentions = mentions;
        for cell in cells {
            self.cells.add(cell.row, cell.col, cell.count);
        }
        for (mine, theirs) in [
            (&mut self.row_totals, &other.row_totals),
            (&mut self.col_totals, &other.col_totals),
        ] {
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                *mine += theirs;
            }
        }
        self.ids.extend(other.ids);
        self.without_user |= other.without_user;
        self.users.extend(other.users);
        Ok(())
    }

    /// The finished counts.
    ///
    /// # Errors
    /// [`Error::is_duplicate_conversation`] when a conversation was pushed more than once.
    pub fn build(mut self) -> Result<Observations, Error> {
        self.ids.sort_unstable();
        let mut neighbours = self.ids.iter().zip(self.ids.iter().skip(1));
        if let Some((&id, _)) = neighbours.find(|(a, b)| a == b) {
            return Err(Error::duplicate_conversation(id));
        }
        let cells = self.cells.finish();
        let users = (!self.without_user && !self.ids.is_empty()).then(|| self.users.per_cell());
        Observations::from_stored(StoredObservations {
            conversations: self.conversations,
            row_totals: self.row_totals,
            col_totals: self.col_totals,
            cells,
            users,
        })
    }
}

/// The distinct ids of one conversation, each checked against the shape.
fn distinct(
    into: &mut Vec<u32>,
    ids: &[u32],
    facet: &'static str,
    limit: usize,
) -> Result<(), Error> {
    if let Some(&id) = ids.iter().find(|&&id| id as usize >= limit) {
        return Err(Error::out_of_range(facet, id, limit as u32));
    }
    into.clear();
    into.extend_from_slice(ids);
    into.sort_unstable();
    into.dedup();
    Ok(())
}

/// The distinct (cell, user) pairs seen.
#[derive(Clone, Default)]
struct UserCells {
    sorted: Vec<(u64, u64)>,
    pending: Vec<(u64, u64)>,
}

impl UserCells {
    fn add(&mut self, row: u32, col: u32, user: u64) {
        self.pending.push((key(row, col), user));
        // Waiting until the buffer is as long as the result keeps the merging linear in all.
        if self.pending.len() >= self.sorted.len().max(1 << 16) {
            self.compact();
        }
    }

    fn extend(&mut self, other: Self) {
        self.pending.extend(other.sorted);
        self.pending.extend(other.pending);
        self.compact();
    }

    fn compact(&mut self) {
        self.pending.sort_unstable();
        self.pending.dedup();
        self.sorted.append(&mut self.pending);
        // Two sorted runs: the stable sort merges them.
        self.sorted.sort();
        self.sorted.dedup();
    }

    /// Users per cell, by row, then column: the order of the cells, since each has at least one user.
    fn per_cell(mut self) -> Vec<u64> {
        self.compact();
        self.sorted
            .chunk_by(|a, b| a.0 == b.0)
            .map(|cell| cell.len() as u64)
            .collect()
    }
}
