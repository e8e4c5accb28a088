//! `requestState`: what a call remembers while the client answers, sealed so that only this very
//! request of this very caller opens it again.
//!
//! The text is base64url of a format byte, the key's id, a nonce, and the memo encrypted with
//! XChaCha20-Poly1305. The nonce has 24 bytes, so that servers which share a key may draw theirs at
//! random without ever meeting. What the state is bound to is authenticated and not in the text.
//!
//! Spec: "Multi Round-Trip Requests" of 2026-07-28.

use alloc::{string::String, vec::Vec};
use core::time::Duration;

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};

use self::pack::{Reader, Writer};
use super::{Memo, StateKey};
use crate::{
    entropy::Entropy,
    wire::{Json, base64url_decode, base64url_encode, canonical},
};

mod digest;
mod memo;
mod pack;
#[cfg(test)]
mod tests;

pub(crate) use digest::{digest, ensure_salt};

/// The encoding of text, binding and memo. Another encoding takes another number, so that servers
/// of different releases may share their keys.
const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
/// The format, the key's id, the nonce and the tag.
const OVERHEAD_BYTES: usize = 2 + NONCE_BYTES + TAG_BYTES;

/// Seals and opens `requestState`.
#[derive(Debug)]
pub(crate) struct Sealer {
    /// The first seals, all open. Their `Debug` leaves the keys out.
    keys: Vec<StateKey>,
}

/// What a state is good for: one request of one caller, however often and however formatted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binding<'a> {
    /// Who calls; `None` if nobody is told apart.
    pub(crate) subject: Option<&'a str>,
    pub(crate) method: &'a str,
    /// The name of a tool or a prompt, the URI of a resource.
    pub(crate) target: &'a str,
    pub(crate) arguments: Option<&'a Json>,
}

impl Sealer {
    /// Takes the keys; draws one if there are none.
    pub(crate) fn new(keys: &[StateKey], entropy: &mut dyn Entropy) -> Self {
        let mut keys = Vec::from(keys);
        if keys.is_empty() {
            let mut key = [0; 32];
            entropy.fill(&mut key);
            keys.push(StateKey { id: 0, key });
        }
        Self { keys }
    }

    /// The text that opens to `memo` before `expires_unix`, cut to whole seconds; `None` if it
    /// would be longer than `bytes_max`.
    pub(crate) fn seal(
        &self,
        memo: &Memo,
        binding: &Binding<'_>,
        expires_unix: Duration,
        entropy: &mut dyn Entropy,
        bytes_max: usize,
    ) -> Option<String> {
        let mut plain = Writer::default();
        plain.number(expires_unix.as_secs());
        memo::write(memo, &mut plain);
        let plain = plain.into_bytes();
        let bytes = plain.len().checked_add(OVERHEAD_BYTES)?;
        if bytes.checked_mul(4)?.div_ceil(3) > bytes_max {
            return None;
        }
        let key = self.keys.first()?;
        let mut nonce = [0; NONCE_BYTES];
        entropy.fill(&mut nonce);
        let payload = Payload { msg: &plain, aad: &binding.encode(key.id) };
        let sealed = cipher(key).encrypt(&XNonce::from(nonce), payload).ok()?;
        let mut text = Vec::with_capacity(bytes);
        text.extend([FORMAT, key.id]);
        text.extend(nonce);
        text.extend(sealed);
        Some(base64url_encode(&text))
    }

    /// The memo in `text`, if it was sealed with one of the keys for the same binding and has not
    /// expired. The one `None` does not tell what is wrong.
    pub(crate) fn open(
        &self,
        text: &str,
        binding: &Binding<'_>,
        unix_now: Duration,
        bytes_max: usize,
    ) -> Option<Memo> {
        if text.len() > bytes_max {
            return None;
        }
        let bytes = base64url_decode(text)?;
        let (&[format, id], rest) = bytes.split_first_chunk()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>()?;
        // What cannot be ours costs no work on the arguments.
        let mut keys = self.keys.iter().filter(|key| key.id == id).peekable();
        if format != FORMAT || keys.peek().is_none() {
            return None;
        }
        let aad = binding.encode(id);
        let nonce = XNonce::from(*nonce);
        let open = |key| cipher(key).decrypt(&nonce, Payload { msg: sealed, aad: &aad }).ok();
        let plain = keys.find_map(open)?;
        let mut plain = Reader::new(&plain);
        if unix_now.as_secs() >= plain.number()? {
            return None;
        }
        let memo = memo::read(&mut plain)?;
        plain.is_empty().then_some(memo)
    }
}

fn cipher(key: &StateKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&key.key.into())
}

impl Binding<'_> {
    /// One text for each binding: every part says how long it is.
    fn encode(&self, key_id: u8) -> Vec<u8> {
        let mut out = Writer::default();
        out.fixed(&[FORMAT, key_id]);
        out.option(self.subject, Writer::text);
        out.text(self.method);
        out.text(self.target);
        out.option(self.arguments, |out, arguments| out.text(&canonical(arguments)));
        out.into_bytes()
    }
}
