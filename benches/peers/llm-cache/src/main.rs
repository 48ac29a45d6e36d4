//! The same rows into SQLite (write-ahead mode, synced at every commit) and into redb.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use redb::{Database, ReadableDatabase, TableDefinition};
use rusqlite::{Connection, OptionalExtension};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const ROWS: u64 = 20_000;
const GETS: u64 = 100_000;
const TABLE: TableDefinition<&[u8], &str> = TableDefinition::new("answers");

trait Store: Sized {
    const NAME: &'static str;
    fn open(path: &Path) -> Result<Self>;
    fn put(&mut self, rows: &[u64]) -> Result<()>;
    fn get(&self, rows: &mut dyn Iterator<Item = u64>) -> Result<u64>;
}

/// SplitMix64, so that keys are scattered as hashes are.
fn key(row: u64) -> [u8; 32] {
    let mut key = [0; 32];
    for (i, part) in key.chunks_mut(8).enumerate() {
        let mut z = (row * 4 + i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        part.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes());
    }
    key
}

fn answer(row: u64) -> String {
    format!("{row:0600}")
}

struct Sqlite(Connection);

impl Store for Sqlite {
    const NAME: &'static str = "sqlite";

    fn open(path: &Path) -> Result<Self> {
        let db = Connection::open(path)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.execute_batch(
            "CREATE TABLE IF NOT EXISTS answers (key BLOB PRIMARY KEY NOT NULL, answer TEXT NOT NULL)",
        )?;
        Ok(Self(db))
    }

    fn put(&mut self, rows: &[u64]) -> Result<()> {
        let change = self.0.transaction()?;
        for row in rows {
            change
                .prepare_cached("INSERT OR IGNORE INTO answers VALUES (?, ?)")?
                .execute((key(*row), answer(*row)))?;
        }
        Ok(change.commit()?)
    }

    fn get(&self, rows: &mut dyn Iterator<Item = u64>) -> Result<u64> {
        let mut found = 0;
        for row in rows {
            let mut query = self.0.prepare_cached("SELECT answer FROM answers WHERE key = ?")?;
            let text: Option<String> = query.query_row([key(row)], |r| r.get(0)).optional()?;
            found += u64::from(text.is_some());
        }
        Ok(found)
    }
}

struct Redb(Database);

impl Store for Redb {
    const NAME: &'static str = "redb";

    fn open(path: &Path) -> Result<Self> {
        let db = Database::create(path)?;
        let change = db.begin_write()?;
        change.open_table(TABLE)?;
        change.commit()?;
        Ok(Self(db))
    }

    fn put(&mut self, rows: &[u64]) -> Result<()> {
        let change = self.0.begin_write()?;
        {
            let mut table = change.open_table(TABLE)?;
            for row in rows {
                table.insert(&key(*row)[..], answer(*row).as_str())?;
            }
        }
        // Durability is immediate by default: synced at the commit.
        Ok(change.commit()?)
    }

    fn get(&self, rows: &mut dyn Iterator<Item = u64>) -> Result<u64> {
        let mut found = 0;
        for row in rows {
            let table = self.0.begin_read()?.open_table(TABLE)?;
            let text = table.get(&key(row)[..])?.map(|text| text.value().to_owned());
            found += u64::from(text.is_some());
        }
        Ok(found)
    }
}

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["write", "sqlite", path, from] => write::<Sqlite>(Path::new(path), from.parse()?),
        ["write", "redb", path, from] => write::<Redb>(Path::new(path), from.parse()?),
        ["read", "sqlite", path] => read::<Sqlite>(Path::new(path)),
        ["read", "redb", path] => read::<Redb>(Path::new(path)),
        rest => {
            let folder = rest.first().map_or_else(std::env::temp_dir, PathBuf::from);
            measure::<Sqlite>(&folder)?;
            measure::<Redb>(&folder)
        }
    }
}

fn print(store: &str, name: &str, value: f64, unit: &str) {
    println!(r#"{{"store":"{store}","name":"{name}","value":{value:.3},"unit":"{unit}"}}"#);
}

fn measure<S: Store>(folder: &Path) -> Result<()> {
    let scratch = tempfile::tempdir_in(folder)?;
    let path = scratch.path().join("store");
    let mut store = S::open(&path)?;

    let start = Instant::now();
    for row in 0..200 {
        store.put(&[row])?;
    }
    print(S::NAME, "put/alone", start.elapsed().as_secs_f64() / 200.0 * 1e3, "ms");

    let rows: Vec<u64> = (200..200 + ROWS).collect();
    let start = Instant::now();
    for rows in rows.chunks(256) {
        store.put(rows)?;
    }
    print(S::NAME, "put/together", ROWS as f64 / start.elapsed().as_secs_f64(), "rows/s");

    let start = Instant::now();
    let found = store.get(&mut (0..GETS).map(|i| i.wrapping_mul(7919) % ROWS))?;
    assert_eq!(found, GETS);
    print(S::NAME, "get", GETS as f64 / start.elapsed().as_secs_f64(), "rows/s");

    let reader = this("read", S::NAME, &path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    print(S::NAME, "second_process/reads", f64::from(u8::from(reader.success())), "yes");
    drop(store);
    kill::<S>(&scratch.path().join("killed"))
}

fn this(what: &str, store: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap_or_default());
    command.arg(what).arg(store).arg(path);
    command
}

/// Rows that a writer had reported before it was killed, and that are not there afterwards.
fn kill<S: Store>(path: &Path) -> Result<()> {
    let mut reported = 0;
    for round in 0..20_u64 {
        let mut writer = this("write", S::NAME, path)
            .arg(reported.to_string())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = writer.stdout.take().ok_or("no output")?;
        for line in BufReader::new(out).lines().take(5 + (round * 7 % 20) as usize) {
            reported = line?.parse::<u64>()? + 1;
        }
        writer.kill()?;
        writer.wait()?;
    }
    let found = S::open(path)?.get(&mut (0..reported))?;
    print(S::NAME, "kill/reported", reported as f64, "rows");
    print(S::NAME, "kill/lost", (reported - found) as f64, "rows");
    Ok(())
}

/// Writes row after row, and reports each once it is committed.
fn write<S: Store>(path: &Path, from: u64) -> Result<()> {
    let mut store = S::open(path)?;
    let mut out = std::io::stdout();
    for row in from.. {
        store.put(&[row])?;
        writeln!(out, "{row}")?;
        out.flush()?;
    }
    Ok(())
}

fn read<S: Store>(path: &Path) -> Result<()> {
    let found = S::open(path)?.get(&mut (0..100))?;
    if found == 100 { Ok(()) } else { Err("rows are missing".into()) }
}
