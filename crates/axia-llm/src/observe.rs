//! The outermost layer: a `tracing` span for each request, and the meter's counts.

use crate::{Answer, Error, LanguageModel, Meter, Request};

/// Counts every request of a model on a [`Meter`], and with the feature `tracing` opens a span for
/// each: `llm` with the model, the stage, the outcome and the tokens. No text is in it.
#[derive(Debug)]
pub struct Observed<M> {
    inner: M,
    meter: Meter,
}

impl<M: LanguageModel> Observed<M> {
    /// The layer over a model.
    pub fn new(inner: M, meter: Meter) -> Self {
        Self { inner, meter }
    }
}

impl<M: LanguageModel> LanguageModel for Observed<M> {
    fn fingerprint(&self) -> String {
        self.inner.fingerprint()
    }

    fn complete(&self, request: &Request) -> Result<Answer, Error> {
        #[cfg(feature = "tracing")]
        let span = tracing::info_span!(
            "llm",
            model = request.model(),
            stage = request.stage(),
            outcome = tracing::field::Empty,
            status = tracing::field::Empty,
            input_tokens = tracing::field::Empty,
            output_tokens = tracing::field::Empty,
        );
        #[cfg(feature = "tracing")]
        let _entered = span.enter();
        let result = self.inner.complete(request);
        #[cfg(feature = "tracing")]
        match &result {
            Ok(answer) => {
                span.record("outcome", answer.outcome.name());
                span.record("input_tokens", answer.usage.input_tokens);
                span.record("output_tokens", answer.usage.output_tokens);
            }
            Err(error) => {
                span.record("outcome", "error");
                span.record("status", error.status());
            }
        }
        self.meter.request_ends(&result);
        result
    }
}
