//! Batches that were handed in, written down so that a later run finds them.

use rusqlite::params;

use super::store::{Row, Store, insert};
use crate::{Error, RequestKey};

/// A batch that has been handed in, or perhaps has.
#[derive(Clone, Debug)]
pub(crate) struct OpenBatch {
    pub(crate) name: String,
    /// The service's id; `None` if the process ended before it was known.
    pub(crate) id: Option<String>,
    pub(crate) keys: Vec<RequestKey>,
    /// Seconds since 1970.
    pub(crate) created: u64,
}

impl Store {
    pub(crate) fn batches(&self, provider: &str) -> Result<Vec<OpenBatch>, Error> {
        self.read(|db| {
            let mut query = db.prepare(
                "SELECT name, id, keys, created FROM batches WHERE provider = ? ORDER BY name",
            )?;
            let rows = query.query_map([provider], |row| {
                let keys: Vec<u8> = row.get(2)?;
                let (whole, _) = keys.as_chunks::<32>();
                let created: i64 = row.get(3)?;
                Ok(OpenBatch {
                    name: row.get(0)?,
                    id: row.get(1)?,
                    keys: whole
                        .iter()
                        .map(|key| RequestKey::from_bytes(*key))
                        .collect(),
                    created: created.unsigned_abs(),
                })
            })?;
            rows.collect()
        })
    }

    pub(crate) fn add_batch(&self, provider: &str, batch: &OpenBatch) -> Result<(), Error> {
        let provider = provider.to_owned();
        let name = batch.name.clone();
        let keys: Vec<u8> = batch.keys.iter().flat_map(|key| *key.as_bytes()).collect();
        let created = i64::try_from(batch.created).unwrap_or(0);
        self.write(move |db| {
            db.execute(
                "INSERT OR REPLACE INTO batches (name, provider, id, keys, created) \
                 VALUES (?, ?, NULL, ?, ?)",
                params![name, provider, keys, created],
            )
            .map(|_| ())
        })
    }

    pub(crate) fn set_batch_id(&self, name: &str, id: &str) -> Result<(), Error> {
        let (name, id) = (name.to_owned(), id.to_owned());
        self.write(move |db| {
            db.execute(
                "UPDATE batches SET id = ? WHERE name = ?",
                params![id, name],
            )
            .map(|_| ())
        })
    }

    pub(crate) fn remove_batch(&self, name: &str) -> Result<(), Error> {
        let name = name.to_owned();
        self.write(move |db| {
            db.execute("DELETE FROM batches WHERE name = ?", [name])
                .map(|_| ())
        })
    }

    /// Keeps several answers in one go.
    pub(crate) fn put_all(&self, rows: Vec<Row>) -> Result<(), Error> {
        self.write(move |db| rows.iter().try_for_each(|row| insert(db, row).map(|_| ())))
    }
}
