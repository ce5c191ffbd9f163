//! Acquire calls, as the service answers them.

use super::{Acquire, Acquired, Call, DRAIN, Event, Hear, Ledger};
use crate::{
    error::Error,
    http::Client,
    ops::route::acquire::{Acquirer, Decided, Observer, Options},
};
use std::sync::Arc;

/// Answers acquire calls, counts and logs their decisions in the ledger, and tells `hear` what failed after its answer.
pub fn acquirer(client: Client, options: Options, ledger: Arc<Ledger>, hear: Hear) -> Arc<dyn Acquire> {
    Arc::new(Acquirer::new(client, options, Arc::new(Books { ledger, hear })))
}

struct Books {
    ledger: Arc<Ledger>,
    hear: Hear,
}

impl Observer for Books {
    fn decided(&self, decided: Decided<'_>) {
        self.ledger.decided(decided.rules, decided.job, decided.decision, decided.steps);
        if let Some(cause) = decided.lookup {
            self.ledger.metrics.lookup_failed(cause.as_str());
        }
    }

    fn failed_late(&self, id: &str, error: &Error) {
        (self.hear)(Event::FailedLate { id, error });
    }
}

#[async_trait::async_trait]
impl Acquire for Acquirer {
    async fn acquire(&self, call: Call) -> Acquired {
        let answer = self.answer(call.rules, &call.body, call.signature.as_deref(), call.arrived.into()).await;
        Acquired { status: answer.outcome.status(), body: answer.body, outcome: answer.outcome.as_str() }
    }

    async fn drain(&self) {
        Acquirer::drain(self, DRAIN).await;
    }
}
