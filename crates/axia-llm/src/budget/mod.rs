//! Keeps spending under a cap, and books it.

mod cost;
mod estimate;
mod ledger;
mod price;

use std::fmt;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

pub use self::cost::Cost;
pub use self::estimate::Estimate;
use self::ledger::Book;
pub use self::ledger::{Ledger, LedgerLine};
pub use self::price::{Price, PriceTable};
use crate::sync::{lock, wait_for};
use crate::{Answer, Error, HeuristicTokens, LanguageModel, Request, TokenCounter, Usage};

/// What may be spent, and how it is reckoned. See [`Budget`].
#[derive(Clone)]
#[must_use]
pub struct BudgetParams {
    cap: Option<Cost>,
    spent: Cost,
    prices: PriceTable,
    tokens: Arc<dyn TokenCounter>,
}

impl BudgetParams {
    /// A budget with these prices, without a cap, that guesses tokens by [`HeuristicTokens`].
    pub fn new(prices: PriceTable) -> Self {
        Self {
            cap: None,
            spent: Cost::ZERO,
            prices,
            tokens: Arc::new(HeuristicTokens),
        }
    }

    /// The most that may be spent, in dollars.
    pub fn cap_usd(mut self, usd: f64) -> Self {
        self.cap = Some(Cost::from_usd(usd));
        self
    }

    /// What was spent before, for instance by a run that is now resumed. It counts against the cap.
    pub fn already_spent(mut self, spent: Cost) -> Self {
        self.spent = spent;
        self
    }

    /// Another way to count tokens.
    pub fn tokens(mut self, tokens: impl TokenCounter + 'static) -> Self {
        self.tokens = Arc::new(tokens);
        self
    }

    /// The checked budget.
    ///
    /// # Errors
    ///
    /// If the cap is zero, since then nothing could be asked.
    pub fn build(self) -> Result<Budget, Error> {
        if self.cap == Some(Cost::ZERO) {
            return Err(Error::rejected("budget: the cap must be above $0"));
        }
        Ok(Budget(Arc::new(Shared {
            state: Mutex::new(State {
                spent: self.spent,
                reserved: Cost::ZERO,
                in_flight: 0,
                book: Book::default(),
            }),
            freed: Condvar::new(),
            params: self,
        })))
    }
}

impl fmt::Debug for BudgetParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BudgetParams")
            .field("cap", &self.cap)
            .field("spent", &self.spent)
            .finish_non_exhaustive()
    }
}

/// A purse that all calls of a run pay from. Clones share it.
///
/// Before a call, the most that it can cost is set aside: its tokens, counted, and as many written
/// as it allows. If that does not fit under the cap, the call waits for others to give back what
/// they did not use; if none is under way, it fails fatally and the run stops. So the cap is passed
/// by no more than the error of the token count on the calls in flight.
///
/// A call that fails is booked at no cost: no service tells whether it charged for it.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    params: BudgetParams,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug)]
struct State {
    spent: Cost,
    reserved: Cost,
    in_flight: usize,
    book: Book,
}

impl Budget {
    /// The layer over a model.
    pub fn over<M: LanguageModel>(&self, inner: M) -> Budgeted<M> {
        Budgeted {
            inner,
            budget: self.clone(),
        }
    }

    /// What was spent so far, on this run and before.
    #[must_use]
    pub fn spent(&self) -> Cost {
        lock(&self.0.state).spent
    }

    /// What was spent so far on this run, by stage and model.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        lock(&self.0.state).book.ledger()
    }

    /// What a run over these requests will use and cost, before it is made.
    ///
    /// Leave out requests that the cache can answer. `written` is the share of each request's token
    /// limit that answers are thought to use, from 0 to 1.
    ///
    /// # Errors
    ///
    /// If a model has no price.
    pub fn estimate<'r>(
        &self,
        requests: impl IntoIterator<Item = &'r Request>,
        written: f64,
    ) -> Result<Estimate, Error> {
        let mut estimate = Estimate::default();
        for request in requests {
            let price = self.price(request.model())?;
            let input = self.0.params.tokens.count_request(request);
            estimate.add(price, input, request.max_tokens().into(), written);
        }
        Ok(estimate)
    }

    /// Books what was used outside the layer, such as by a batch, at a share of the price.
    ///
    /// # Errors
    ///
    /// If the model has no price.
    pub fn book(&self, stage: &str, model: &str, usage: Usage, rate: Rate) -> Result<(), Error> {
        let full = self.price(model)?.cost(usage);
        let cost = match rate {
            Rate::Full => full,
            Rate::Batch => full.half(),
        };
        let mut state = lock(&self.0.state);
        state.spent += cost;
        let line = state.book.line(stage, model);
        line.answered += 1;
        line.usage += usage;
        line.cost += cost;
        Ok(())
    }

    fn price(&self, model: &str) -> Result<&Price, Error> {
        self.0.params.prices.price(model).ok_or_else(|| {
            Error::fatal(format_args!(
                "budget: model `{model}` has no price; add it to the PriceTable (`*` stands for any)"
            ))
        })
    }

    /// Sets aside the most that a call can cost.
    fn reserve(&self, price: &Price, request: &Request) -> Result<Cost, Error> {
        let input = self.0.params.tokens.count_request(request);
        let most = price.cost(Usage::new(input, request.max_tokens().into()));
        let mut state = lock(&self.0.state);
        if let Some(cap) = self.0.params.cap {
            while state.spent + state.reserved + most > cap {
                if state.in_flight == 0 {
                    return Err(Error::fatal(format_args!(
                        "budget: {} of {cap} is spent and the next call may cost {most}; raise \
                         BudgetParams::cap_usd to go on, what was answered is kept",
                        state.spent
                    )));
                }
                state = wait_for(&self.0.freed, state, Duration::from_secs(1));
            }
        }
        state.reserved += most;
        state.in_flight += 1;
        Ok(most)
    }

    fn settle(&self, price: &Price, request: &Request, most: Cost, result: &Result<Answer, Error>) {
        let mut state = lock(&self.0.state);
        state.reserved = state.reserved.minus(most);
        state.in_flight -= 1;
        let line = state
            .book
            .line(request.stage().unwrap_or_default(), request.model());
        match result {
            Ok(answer) => {
                let cost = price.cost(answer.usage);
                line.answered += 1;
                line.usage += answer.usage;
                line.cost += cost;
                state.spent += cost;
            }
            Err(_) => line.failed += 1,
        }
        drop(state);
        self.0.freed.notify_all();
    }
}

/// Which price a call has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rate {
    /// The price in the table.
    Full,
    /// Half of it, as batch services charge.
    Batch,
}

/// A model whose calls a [`Budget`] pays for.
#[derive(Debug)]
pub struct Budgeted<M> {
    inner: M,
    budget: Budget,
}

impl<M: LanguageModel> LanguageModel for Budgeted<M> {
    fn fingerprint(&self) -> String {
        self.inner.fingerprint()
    }

    fn complete(&self, request: &Request) -> Result<Answer, Error> {
        let price = self.budget.price(request.model())?;
        let most = self.budget.reserve(price, request)?;
        let result = self.inner.complete(request);
        self.budget.settle(price, request, most, &result);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScriptedModel;
    use std::thread;

    fn prices() -> PriceTable {
        PriceTable::new().with("m", Price::new(1e6, 1e6))
    }

    /// 4 tokens for the message and 4 for its text make 8; with 10 written, $18 at most.
    fn request() -> Request {
        Request::new("m")
            .with_user("0123456789abcdef")
            .with_max_tokens(10)
    }

    fn model() -> ScriptedModel {
        ScriptedModel::from_fn(|_| {
            thread::sleep(Duration::from_millis(1));
            Ok(Answer::completed("x").with_usage(Usage::new(8, 2)))
        })
    }

    #[test]
    fn the_cap_is_never_passed_and_nearly_used_up() {
        let model = model();
        let budget = BudgetParams::new(prices()).cap_usd(100.0).build().unwrap();
        let layer = budget.over(&model);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| while layer.complete(&request()).is_ok() {});
            }
        });
        // Nine calls at $10; a tenth could cost $18.
        assert_eq!(budget.spent(), Cost::from_usd(90.0));
        assert_eq!(model.calls(), 9);
        let error = layer.complete(&request()).unwrap_err();
        assert!(error.is_fatal());
        assert_eq!(
            error.to_string(),
            "budget: $90.0000 of $100.0000 is spent and the next call may cost $18.0000; raise \
             BudgetParams::cap_usd to go on, what was answered is kept"
        );
    }

    #[test]
    fn books_by_stage_and_model() {
        let model = ScriptedModel::new([
            Ok(Answer::completed("x").with_usage(Usage::new(8, 2))),
            Err(Error::retryable("lost")),
            Ok(Answer::completed("x").with_usage(Usage::new(8, 2))),
        ]);
        let budget = BudgetParams::new(prices()).build().unwrap();
        let layer = budget.over(&model);
        layer.complete(&request().with_stage("b")).unwrap();
        layer.complete(&request().with_stage("b")).unwrap_err();
        layer.complete(&request().with_stage("a")).unwrap();
        budget
            .book("b", "m", Usage::new(10, 0), Rate::Batch)
            .unwrap();
        let ledger = budget.ledger();
        let stages: Vec<_> = ledger
            .lines
            .iter()
            .map(|l| (&*l.stage, l.answered, l.failed))
            .collect();
        assert_eq!(stages, [("a", 1, 0), ("b", 2, 1)]);
        assert_eq!(ledger.cost(), Cost::from_usd(25.0));
        assert_eq!(ledger.usage(), Usage::new(26, 4));
        assert_eq!(budget.spent(), ledger.cost());
    }

    #[test]
    fn what_was_spent_before_counts() {
        let model = model();
        let budget = BudgetParams::new(prices())
            .cap_usd(20.0)
            .already_spent(Cost::from_usd(5.0))
            .build()
            .unwrap();
        assert!(
            budget
                .over(&model)
                .complete(&request())
                .unwrap_err()
                .is_fatal()
        );
        assert_eq!(model.calls(), 0);
    }

    #[test]
    fn estimates_and_wants_a_price() {
        let budget = BudgetParams::new(prices()).build().unwrap();
        let estimate = budget.estimate(&[request(), request()], 0.5).unwrap();
        assert_eq!((estimate.calls, estimate.input_tokens), (2, 16));
        assert_eq!(estimate.output_tokens, 10);
        assert_eq!(estimate.likely, Cost::from_usd(26.0));
        assert_eq!(estimate.most, Cost::from_usd(36.0));
        let error = budget.estimate(&[Request::new("other")], 0.5).unwrap_err();
        assert!(error.is_fatal() && error.to_string().contains("PriceTable"));
        let layer = budget.over(model());
        assert!(
            layer
                .complete(&Request::new("other"))
                .unwrap_err()
                .is_fatal()
        );
    }

    #[test]
    fn a_cap_of_nothing_is_refused() {
        let params = BudgetParams::new(prices()).cap_usd(0.0);
        assert!(
            params
                .build()
                .unwrap_err()
                .to_string()
                .starts_with("budget: ")
        );
    }
}
