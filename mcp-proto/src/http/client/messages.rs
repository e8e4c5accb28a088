//! Messages that have come, and what the machine says to them.

use alloc::{boxed::Box, format, string::String, vec::Vec};

use super::{
    End, HttpClient, HttpClientOutput, HttpNotice, Timer,
    route::{Via, What},
};
use crate::{
    ErrorObject,
    client::{CallOptions, ClientCallId, ClientEvent, ClientOutput},
    error::code,
    rpc::error_response,
    wire::{Body, Id, Json, Malformed, Message, Response},
};

impl HttpClient {
    /// Takes in a body or an event. `about` is the request that it comes in answer to.
    pub(super) fn take_payload(&mut self, bytes: &[u8], about: Option<i64>) {
        match Body::parse(bytes) {
            Body::Single(element) => self.take_element(element, about, bytes),
            Body::Batch(elements) if self.client.takes_batches() => {
                for element in elements {
                    self.take_element(element, about, bytes);
                }
            }
            Body::Batch(_) => self.client.drop_junk(bytes),
        }
    }

    fn take_element(
        &mut self,
        element: Result<Message<'_>, Malformed>,
        about: Option<i64>,
        bytes: &[u8],
    ) {
        match element {
            Ok(Message::Response(mut response)) => {
                let waited = about.filter(|number| self.routes.contains_key(number));
                if let (None, Some(number)) = (&response.id, waited) {
                    // An error that could not name the request: the exchange does.
                    response.id = Some(Id::Int(number));
                }
                self.take_response(response);
            }
            element => {
                let stuck = self.is_stuck();
                let route = about.and_then(|number| self.routes.get(&number));
                let call = route.and_then(|route| route.call);
                self.client.handle_element(self.now, element, call, stuck, bytes);
            }
        }
    }

    fn take_response(&mut self, response: Response<'_>) {
        let number = match response.id {
            Some(Id::Int(number)) if self.routes.contains_key(&number) => number,
            _ => return self.client.handle_message(self.now, Message::Response(response)),
        };
        let route = self.routes.get(&number);
        let (what, call) = route.map_or((What::Other, None), |route| (route.what, route.call));
        match response.outcome {
            Err(error) if what == What::Tool => {
                let error = ErrorObject::read(error.get());
                if error.code == code::HEADER_MISMATCH
                    && let Some(call) = call
                    && self.refreshed.insert(call)
                {
                    return self.refresh(number, error);
                }
            }
            Ok(result) if what == What::Tools => {
                self.answered(number);
                let result = self.learn(result.get());
                let text = format!(r#"{{"jsonrpc":"2.0","id":{number},"result":{result}}}"#);
                if let Ok(message) = Message::parse(&text) {
                    self.client.handle_message(self.now, message);
                }
                return;
            }
            _ => {}
        }
        self.answered(number);
        self.client.handle_message(self.now, Message::Response(response));
    }

    /// Learns which arguments go into header fields, and leaves out the tools that cannot say so.
    fn learn(&mut self, result: &str) -> String {
        let learned = self.tools.learn(result);
        for (tool, reason) in learned.left_out {
            self.notice(HttpNotice::ToolLeftOut { tool, reason });
        }
        learned.result
    }

    /// The server refused a call for its header fields: what is known of the tools is out of date.
    /// The call is sent again once they are known anew.
    fn refresh(&mut self, number: i64, error: ErrorObject) {
        if let Some(route) = self.routes.get_mut(&number) {
            route.via = Via::Refreshing(Box::new(error));
        }
        if self.refresh.is_none() {
            let options = CallOptions { all_pages: true, fresh: true, ..CallOptions::default() };
            let params = Json::from_trusted("{}");
            self.refresh = Some(self.client.call(self.now, "tools/list", &params, options));
        }
    }

    /// The tools are known anew, or cannot be known.
    fn refreshed(&mut self, known: bool) {
        let refused: Vec<i64> = self
            .routes
            .iter()
            .filter(|(_, route)| matches!(route.via, Via::Refreshing(_)))
            .map(|(number, _)| *number)
            .collect();
        for number in refused {
            let Some(route) = self.routes.remove(&number) else { continue };
            let Via::Refreshing(error) = route.via else { continue };
            if known {
                self.client.send_again(self.now, &Id::Int(number));
                continue;
            }
            let text = error_response(Some(&Id::Int(number)), false, &error);
            if let Ok(message) = Message::parse(&text) {
                self.client.handle_message(self.now, message);
            }
        }
    }

    /// Carries out what the machine says.
    pub(super) fn pump(&mut self) {
        while let Some(output) = self.client.poll_output() {
            match output {
                // Nothing is said any more.
                ClientOutput::Send { .. } if self.end != End::Open => {}
                ClientOutput::Send { call, frame } => self.enqueue(call, frame),
                ClientOutput::Event(event) => self.tell(event),
                // No process has ended that could be started anew.
                ClientOutput::Respawn => self.client.respawned(self.now),
                ClientOutput::Close => self.end(),
            }
        }
        self.flush();
    }

    fn tell(&mut self, event: ClientEvent) {
        if let ClientEvent::Finished { call, outcome } = &event {
            let call = *call;
            self.refreshed.remove(&call);
            self.listens.remove(&call);
            self.drop_routes_of(call);
            if self.refresh == Some(call) {
                self.refresh = None;
                return self.refreshed(outcome.is_ok());
            }
        }
        self.outputs.push_back(HttpClientOutput::Event(event));
    }

    fn drop_routes_of(&mut self, call: ClientCallId) {
        let over: Vec<i64> = self
            .routes
            .iter()
            .filter(|(number, route)| {
                route.call == Some(call) && !self.client.awaits(&Id::Int(**number))
            })
            .map(|(number, _)| *number)
            .collect();
        for number in over {
            self.drop_route(number);
        }
    }

    /// Drops what the machine does not wait for any more.
    pub(super) fn drop_unawaited(&mut self) {
        let over: Vec<i64> = self
            .routes
            .keys()
            .copied()
            .filter(|number| !self.client.awaits(&Id::Int(*number)))
            .collect();
        for number in over {
            self.drop_route(number);
        }
    }

    /// Nobody waits for the answer to a request any more.
    pub(super) fn drop_route(&mut self, number: i64) {
        let Some(route) = self.routes.remove(&number) else { return };
        self.timers.cancel(Timer::Route(number));
        match route.via {
            Via::Exchange(exchange) => self.abort(exchange),
            Via::Waiting => self.unqueue(number),
            _ => {}
        }
    }
}
