//! Batches of 2025-03-26, as they come in.
//!
//! Spec: "Batching" on the `basic` page of 2025-03-26.

use alloc::{collections::BTreeSet, string::String, sync::Arc, vec::Vec};

use super::{Arrival, CallId, Dropped, Origin, Received, Server};
use crate::{
    error::{ErrorObject, excerpt_of_bytes},
    grant::Grant,
    rpc::error_response,
    time::Instant,
    wire::{Malformed, Message},
};

/// What became of a batch.
#[derive(Debug, Default)]
pub(crate) struct BatchReceived {
    /// The requests that will be concluded.
    pub(crate) waiting: BTreeSet<CallId>,
    /// The responses to those that end here.
    pub(crate) responses: Vec<String>,
}

impl Server {
    /// Takes in the batch in `text` where the session's revision has them. An error is the answer
    /// to the batch as a whole.
    pub(crate) fn handle_batch(
        &mut self,
        now: Instant,
        origin: Origin,
        grant: &Arc<Grant>,
        elements: Vec<Result<Message<'_>, Malformed>>,
        text: &[u8],
    ) -> Result<BatchReceived, ErrorObject> {
        let rules = self.rules_of(origin).filter(|rules| rules.batches);
        let Some(rules) = rules else {
            return Err(ErrorObject::invalid_request("Batches are not served"));
        };
        if elements.is_empty() {
            return Err(ErrorObject::invalid_request("The batch is empty"));
        }
        if elements.len() > self.config.limits.batch_max {
            return Err(ErrorObject::invalid_request("The batch is too long"));
        }
        let mut batch = BatchReceived::default();
        for element in elements {
            let refused = match element {
                Ok(Message::Request(request))
                    if request.method == "initialize" || request.params.names_version() =>
                {
                    let error = ErrorObject::invalid_request("This cannot be in a batch");
                    Some((Some(request.id.into_owned()), error))
                }
                Ok(message) => {
                    let arrival = Arrival { origin, grant: grant.clone(), message };
                    match self.handle_message(now, arrival) {
                        Received::Call(call) | Received::Opened(call, _) => {
                            batch.waiting.insert(call);
                            None
                        }
                        other => other.refusal(),
                    }
                }
                Err(malformed) => {
                    self.drop_noted(Dropped::Junk(excerpt_of_bytes(text).into()));
                    let error = ErrorObject::not_a_message();
                    (!malformed.response).then_some((malformed.id, error))
                }
            };
            if let Some((id, error)) = refused {
                batch.responses.push(error_response(id.as_ref(), rules.null_error_id, &error));
            }
        }
        Ok(batch)
    }
}
