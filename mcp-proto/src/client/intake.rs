//! What a transport hands in that may be a message.

use super::{Client, ClientCallId, DroppedByClient};
use crate::{
    error::{ErrorObject, excerpt, excerpt_of_bytes},
    rpc::error_response,
    time::Instant,
    wire::{Frame, Malformed, Message},
};

impl Client {
    /// Takes in a message, or what stands in its place in `text`. `about`: the call on whose stream
    /// it came. `stuck`: whether what the server does not read has piled up.
    pub(crate) fn handle_element(
        &mut self,
        now: Instant,
        element: Result<Message<'_>, Malformed>,
        about: Option<ClientCallId>,
        stuck: bool,
        text: &[u8],
    ) {
        match element {
            // Reading goes on while a write is stuck, or both sides would wait for ever; but a
            // server that asks and does not read gets no answers that would pile up here.
            Ok(Message::Request(request)) if stuck => {
                self.drop_noted(DroppedByClient::Request(excerpt(&request.method).into()));
            }
            Ok(Message::Request(request)) => self.handle_request(&request, about),
            Ok(message) => self.handle_message(now, message),
            Err(malformed) => self.handle_not_a_message(now, &malformed, stuck, text),
        }
    }

    /// Whether the server may send several messages as an array.
    pub(crate) fn takes_batches(&self) -> bool {
        self.rules().is_some_and(|rules| rules.batches)
    }

    /// Input that is no message is told to the application.
    pub(crate) fn drop_junk(&mut self, text: &[u8]) {
        self.drop_noted(DroppedByClient::Junk(excerpt_of_bytes(text).into()));
    }

    /// The server hears of what is no message only where it asked something that can be named:
    /// answering all junk would be answering for ever.
    fn handle_not_a_message(
        &mut self,
        now: Instant,
        malformed: &Malformed,
        stuck: bool,
        text: &[u8],
    ) {
        if let Some(id) = malformed.id.as_ref().filter(|_| malformed.response) {
            self.handle_malformed(now, id);
        }
        if let Some(id) = malformed.id.as_ref().filter(|_| !malformed.response)
            && !stuck
            && self.rules().is_none_or(|rules| rules.server_requests)
        {
            let error = ErrorObject::invalid_request("Not a JSON-RPC message");
            self.send(None, Frame::owned(error_response(Some(id), false, &error)));
        }
        self.drop_junk(text);
    }
}
