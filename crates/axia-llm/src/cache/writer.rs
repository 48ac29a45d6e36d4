//! One thread that writes, and puts what arrives together into one transaction.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, TransactionBehavior};

use crate::Error;

/// Most changes in one transaction; more would only make the first one wait longer.
const MOST_TOGETHER: usize = 1024;

/// A change to the database, and somebody who waits for it. Errors are SQLite's words.
trait Change: Send {
    /// Makes the change, within a transaction that is not committed yet.
    fn make(&mut self, db: &Connection);
    /// Tells the one who waits how the transaction ended.
    fn tell(self: Box<Self>, committed: &Result<(), String>);
}

struct Waiting<F, T> {
    change: Option<F>,
    made: Option<Result<T, String>>,
    reply: SyncSender<Result<T, String>>,
}

impl<F, T> Change for Waiting<F, T>
where
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
    T: Send,
{
    fn make(&mut self, db: &Connection) {
        if let Some(change) = self.change.take() {
            self.made = Some(change(db).map_err(|error| error.to_string()));
        }
    }

    fn tell(self: Box<Self>, committed: &Result<(), String>) {
        let result = match (committed, self.made) {
            (Ok(()), Some(made)) => made,
            (Err(reason), _) => Err(reason.clone()),
            (Ok(()), None) => Err("it was not tried".into()),
        };
        // That nobody waits any more is no harm.
        let _ = self.reply.send(result);
    }
}

pub(crate) struct Writer {
    changes: Option<Sender<Box<dyn Change>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(db: Connection) -> Result<Self, Error> {
        let (changes, arriving) = channel();
        let thread = thread::Builder::new()
            .name("llm-cache".into())
            .spawn(move || work(db, &arriving))
            .map_err(|error| {
                Error::fatal("the cache cannot start its thread").with_source(error)
            })?;
        Ok(Self {
            changes: Some(changes),
            thread: Some(thread),
        })
    }

    /// Makes a change; it is on disk when this returns.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        const GONE: &str = "its thread has ended";
        let (reply, replied) = sync_channel(1);
        let waiting = Box::new(Waiting {
            change: Some(change),
            made: None,
            reply,
        });
        let sender = self.changes.as_ref().ok_or(GONE)?;
        sender.send(waiting).map_err(|_| GONE)?;
        replied.recv().map_err(|_| GONE)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The thread ends when no more changes can come. Those on their way have callers that wait.
        self.changes = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(mut db: Connection, arriving: &Receiver<Box<dyn Change>>) {
    while let Ok(first) = arriving.recv() {
        let mut changes = vec![first];
        changes.extend(arriving.try_iter().take(MOST_TOGETHER - 1));
        let committed = commit(&mut db, &mut changes).map_err(|error| error.to_string());
        for change in changes {
            change.tell(&committed);
        }
    }
}

/// Makes all changes in one transaction. If one fails the others stand: SQLite takes back no more
/// than the one statement.
fn commit(db: &mut Connection, changes: &mut [Box<dyn Change>]) -> rusqlite::Result<()> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for change in changes {
        change.make(&transaction);
    }
    transaction.commit()
}
