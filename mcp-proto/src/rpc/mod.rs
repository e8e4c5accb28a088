//! JSON-RPC bookkeeping that does not know which role it plays.

mod batch;
mod encode;
mod inbound;
mod outbound;

pub(crate) use batch::Batches;
pub(crate) use encode::{error_response, notification, request, request_with};
pub(crate) use inbound::{Inbound, Scope};
pub(crate) use outbound::Outbound;
