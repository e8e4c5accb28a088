//! Digests of questions: an answer counts only for the question that it answers.

use alloc::vec::Vec;

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};

use super::pack::Writer;
use crate::{
    entropy::Entropy,
    server::{Answers, Question},
    wire::canonical,
};

const DIGEST_BYTES: usize = 16;
/// What no call has drawn: it has not asked yet.
const NO_SALT: [u8; 32] = [0; 32];

/// The digest of a question, keyed by the salt of its call; the same for every way of writing its
/// JSON.
///
/// It is the Poly1305 tag over the question, of an encryption of nothing. Such a tag under a key
/// and a nonce that are used more than once is no signature: who sees two of them can forge a
/// third. Nobody sees one. Salt and digests stay in memory or inside the sealed text, and all that
/// shows is whether two questions match. For who does not know the salt, two different questions
/// of n bytes match with a probability below n / 2^100, whoever chose them. Each call draws a
/// salt of its own, so nothing learnt from one call helps with another.
pub(crate) fn digest(salt: &[u8; 32], question: &Question) -> [u8; DIGEST_BYTES] {
    let payload = Payload { msg: &[], aad: &encode(question) };
    let tag = XChaCha20Poly1305::new(&(*salt).into()).encrypt(&XNonce::default(), payload);
    tag.ok()
        .and_then(|tag| tag.try_into().ok())
        .expect("a cipher of unlimited associated data makes a tag of 16 bytes out of nothing")
}

/// Draws the salt of a call that is about to ask for the first time.
pub(crate) fn ensure_salt(answers: &mut Answers, entropy: &mut dyn Entropy) {
    if answers.salt == NO_SALT {
        entropy.fill(&mut answers.salt);
    }
}

/// One text for each question: its kind, and its parts with their lengths.
fn encode(question: &Question) -> Vec<u8> {
    let mut out = Writer::default();
    match question {
        Question::Elicit(params) => {
            out.fixed(&[0]);
            out.text(&canonical(params));
        }
        Question::ElicitUrl { message, url, elicitation } => {
            out.fixed(&[1]);
            out.text(message);
            out.text(url);
            out.text(elicitation);
        }
        Question::Sample(params) => {
            out.fixed(&[2]);
            out.text(&canonical(params));
        }
        Question::Roots => out.fixed(&[3]),
        Question::Other { method, params } => {
            out.fixed(&[4]);
            out.text(method);
            out.text(&canonical(params));
        }
    }
    out.into_bytes()
}
