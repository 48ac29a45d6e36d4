//! Many requests at once, on a pool of threads.

use std::sync::Mutex;
use std::thread;

use crate::sync::lock;
use crate::{Answer, Error, LanguageModel, Request};

/// How many threads a run has. See [`Run`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct RunParams {
    threads: usize,
    stack: usize,
}

impl Default for RunParams {
    fn default() -> Self {
        Self::new()
    }
}

impl RunParams {
    /// The defaults: 8 threads, with 512 KiB of stack each.
    pub fn new() -> Self {
        Self {
            threads: 8,
            stack: 512 * 1024,
        }
    }

    /// How many requests are in flight: one a thread. Take
    /// [`Pace::most_in_flight`](crate::Pace::most_in_flight) where there is a pace.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// The checked run.
    ///
    /// # Errors
    ///
    /// If there is no thread, or more than 4096.
    pub fn build(self) -> Result<Run, Error> {
        if !(1..=4096).contains(&self.threads) {
            return Err(Error::rejected(format_args!(
                "run: threads must be from 1 to 4096, got {}",
                self.threads
            )));
        }
        Ok(Run(self))
    }
}

/// Puts many requests to a model, many at once.
///
/// # Example
///
/// ```
/// use axia_llm::{Answer, Request, RunParams, ScriptedModel};
///
/// let model = ScriptedModel::from_fn(|request| Ok(Answer::completed(request.model())));
/// let requests = ["a", "b", "c"].map(Request::new);
/// let answers = RunParams::new().threads(2).build()?.collect(&model, requests)?;
/// assert_eq!(answers[2].as_ref().unwrap().text(), Some("c"));
/// # Ok::<(), axia_llm::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run(RunParams);

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunSummary {
    /// Requests that have an answer, of whatever kind.
    pub answered: usize,
    /// Requests that have none.
    pub failed: usize,
}

struct Source<I> {
    requests: I,
    next: usize,
    stop: bool,
}

struct Sink<F> {
    on_result: F,
    summary: RunSummary,
    stopped_by: Option<Error>,
}

impl Run {
    /// Answers all requests, and hands over each result with the number of its request, from 0.
    ///
    /// Requests are taken one by one as threads become free, and results are handed over as they
    /// come, in any order and one at a time: memory does not grow with the number of requests.
    ///
    /// # Errors
    ///
    /// The first [fatal](Error::is_fatal) error. No request is started after it, and those under way
    /// are waited for; whatever was answered has been handed over. Every other error is handed over
    /// as its request's result.
    pub fn each<I>(
        &self,
        model: &(impl LanguageModel + ?Sized),
        requests: I,
        on_result: impl FnMut(usize, Result<Answer, Error>) + Send,
    ) -> Result<RunSummary, Error>
    where
        I: IntoIterator<Item = Request>,
        I::IntoIter: Send,
    {
        let source = Mutex::new(Source {
            requests: requests.into_iter().fuse(),
            next: 0,
            stop: false,
        });
        let sink = Mutex::new(Sink {
            on_result,
            summary: RunSummary::default(),
            stopped_by: None,
        });
        let work = || {
            while let Some((index, request)) = take(&source) {
                let result = model.complete(&request);
                let mut sink = lock(&sink);
                match result {
                    Err(error) if error.is_fatal() => {
                        lock(&source).stop = true;
                        sink.stopped_by.get_or_insert(error);
                    }
                    result => {
                        match result {
                            Ok(_) => sink.summary.answered += 1,
                            Err(_) => sink.summary.failed += 1,
                        }
                        (sink.on_result)(index, result);
                    }
                }
            }
        };
        let started = thread::scope(|scope| -> std::io::Result<()> {
            for number in 0..self.0.threads {
                let thread = thread::Builder::new()
                    .name(format!("llm-{number}"))
                    .stack_size(self.0.stack)
                    .spawn_scoped(scope, work);
                if let Err(error) = thread {
                    lock(&source).stop = true;
                    return Err(error);
                }
            }
            Ok(())
        });
        let sink = sink
            .into_inner()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Err(error) = started {
            return Err(Error::fatal(format_args!(
                "run: the system gives no {} threads; lower RunParams::threads",
                self.0.threads
            ))
            .with_source(error));
        }
        match sink.stopped_by {
            Some(error) => Err(error.with_context(format_args!(
                "stopped after {} answers",
                sink.summary.answered
            ))),
            None => Ok(sink.summary),
        }
    }

    /// Answers all requests, and gives the results in the order of the requests.
    ///
    /// # Errors
    ///
    /// As [`each`](Self::each). The answers until then are lost to the caller, but not to a cache.
    pub fn collect<I>(
        &self,
        model: &(impl LanguageModel + ?Sized),
        requests: I,
    ) -> Result<Vec<Result<Answer, Error>>, Error>
    where
        I: IntoIterator<Item = Request>,
        I::IntoIter: Send,
    {
        let mut results = Vec::new();
        self.each(model, requests, |index, result| {
            results.push((index, result))
        })?;
        results.sort_unstable_by_key(|(index, _)| *index);
        Ok(results.into_iter().map(|(_, result)| result).collect())
    }
}

fn take<I: Iterator<Item = Request>>(source: &Mutex<Source<I>>) -> Option<(usize, Request)> {
    let mut source = lock(source);
    if source.stop {
        return None;
    }
    let request = source.requests.next()?;
    let index = source.next;
    source.next += 1;
    Some((index, request))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScriptedModel;

    fn requests(n: usize) -> impl Iterator<Item = Request> {
        (0..n).map(|i| Request::new("m").with_user(i.to_string()))
    }

    fn echo(request: &Request) -> Answer {
        Answer::completed(request.messages()[0].text.clone())
    }

    #[test]
    fn every_result_comes_once_and_in_order() {
        let model = ScriptedModel::from_fn(|request| {
            let answer = echo(request);
            if answer.text() == Some("7") {
                return Err(Error::rejected("no"));
            }
            Ok(answer)
        });
        for threads in [1, 3, 64] {
            let run = RunParams::new().threads(threads).build().unwrap();
            let results = run.collect(&model, requests(100)).unwrap();
            assert_eq!(results.len(), 100);
            for (i, result) in results.iter().enumerate() {
                match result {
                    Ok(answer) => assert_eq!(answer.text(), Some(&*i.to_string())),
                    Err(_) => assert_eq!(i, 7),
                }
            }
        }
    }

    #[test]
    fn a_fatal_error_stops_the_run() {
        let model = ScriptedModel::from_fn(|request| {
            let answer = echo(request);
            if answer.text() == Some("20") {
                return Err(Error::fatal("no credit left"));
            }
            Ok(answer)
        });
        let run = RunParams::new().threads(4).build().unwrap();
        let mut answered = 0;
        let error = run
            .each(&model, requests(10_000), |_, _| answered += 1)
            .unwrap_err();
        assert!(error.is_fatal());
        assert_eq!(
            error.to_string(),
            format!("stopped after {answered} answers: no credit left")
        );
        assert!((17..9_000).contains(&answered));
    }

    #[test]
    fn parameters_are_checked() {
        assert!(RunParams::new().threads(0).build().is_err());
        assert!(RunParams::new().threads(5000).build().is_err());
    }
}
