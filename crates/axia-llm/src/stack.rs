//! Puts the layers together, in the one order in which they belong.

use std::sync::Arc;

#[cfg(feature = "cache")]
use crate::Cache;
#[cfg(feature = "repair")]
use crate::Repaired;
use crate::{Budget, LanguageModel, Meter, Observed, Pace, Retry, TokenCounter};

/// Builds a model with layers over a provider. The order of the calls does not matter.
///
/// From the outside to the provider: observe, repair, cache, retry, budget, pace. So an answer is
/// kept before it is checked, since it was paid for whether it is good or not; a call is paid for
/// each time it is repeated; and one that waits to be repeated holds no place in flight. Layers that
/// are not named are not there.
///
/// # Example
///
/// ```
/// use axia_llm::{
///     Answer, BudgetParams, LanguageModel, PaceParams, PriceTable, Request, RetryParams,
///     ScriptedModel, Stack,
/// };
///
/// let provider = ScriptedModel::from_fn(|_| Ok(Answer::completed("Mars")));
/// let model = Stack::over(provider)
///     .retry(&RetryParams::new().build()?)
///     .budget(&BudgetParams::new(PriceTable::free()).cap_usd(5.0).build()?)
///     .pace(&PaceParams::new().build()?)
///     .build();
/// let answer = model.complete(&Request::new("m").with_user("Which planet is red?"))?;
/// assert_eq!(answer.text(), Some("Mars"));
/// # Ok::<(), axia_llm::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct Stack<M> {
    provider: M,
    parts: Parts,
}

#[derive(Default)]
struct Parts {
    meter: Option<Meter>,
    retry: Option<Retry>,
    budget: Option<Budget>,
    pace: Option<Pace>,
    tokens: Option<Arc<dyn TokenCounter>>,
    #[cfg(feature = "cache")]
    cache: Option<Cache>,
    #[cfg(feature = "repair")]
    repair: bool,
}

impl<M: LanguageModel + 'static> Stack<M> {
    /// No layer yet.
    pub fn over(provider: M) -> Self {
        Self {
            provider,
            parts: Parts::default(),
        }
    }

    /// Count and trace every request.
    pub fn meter(mut self, meter: Meter) -> Self {
        self.parts.meter = Some(meter);
        self
    }

    /// Repeat what fails for a passing reason.
    pub fn retry(mut self, retry: &Retry) -> Self {
        self.parts.retry = Some(retry.clone());
        self
    }

    /// Stay under a cap, and book what is spent.
    pub fn budget(mut self, budget: &Budget) -> Self {
        self.parts.budget = Some(budget.clone());
        self
    }

    /// Keep within rate limits.
    pub fn pace(mut self, pace: &Pace) -> Self {
        self.parts.pace = Some(pace.clone());
        self
    }

    /// Another way for the pace to guess tokens.
    pub fn tokens(mut self, tokens: impl TokenCounter + 'static) -> Self {
        self.parts.tokens = Some(Arc::new(tokens));
        self
    }

    /// Keep every answer on disk.
    #[cfg(feature = "cache")]
    #[cfg_attr(docsrs, doc(cfg(feature = "cache")))]
    pub fn cache(mut self, cache: &Cache) -> Self {
        self.parts.cache = Some(cache.clone());
        self
    }

    /// Check answers against their schema, and ask once more where one is wrong.
    #[cfg(feature = "repair")]
    #[cfg_attr(docsrs, doc(cfg(feature = "repair")))]
    pub fn repair(mut self) -> Self {
        self.parts.repair = true;
        self
    }

    /// The model.
    #[must_use]
    pub fn build(self) -> Box<dyn LanguageModel> {
        let parts = self.parts;
        let meter = parts.meter.clone().unwrap_or_default();
        let mut model: Box<dyn LanguageModel> = Box::new(self.provider);
        if let Some(pace) = parts.pace {
            let mut layer = pace.over(model).with_meter(meter.clone());
            if let Some(tokens) = parts.tokens {
                layer = layer.with_tokens(tokens);
            }
            model = Box::new(layer);
        }
        if let Some(budget) = parts.budget {
            model = Box::new(budget.over(model));
        }
        if let Some(retry) = parts.retry {
            model = Box::new(retry.over(model).with_meter(meter.clone()));
        }
        #[cfg(feature = "cache")]
        if let Some(cache) = parts.cache {
            model = Box::new(cache.over(model).with_meter(meter.clone()));
        }
        #[cfg(feature = "repair")]
        if parts.repair {
            model = Box::new(Repaired::new(model).with_meter(meter.clone()));
        }
        match parts.meter {
            Some(meter) => Box::new(Observed::new(model, meter)),
            None => model,
        }
    }
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts")
            .field("retry", &self.retry)
            .field("budget", &self.budget)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}
