//! What the types promise by what they are.

use super::*;
use crate::server::ServerOutput;

#[test]
fn machines_may_move_between_threads() {
    fn is_send<T: Send>() {}
    is_send::<ServerPipe>();
    is_send::<crate::server::Server>();
    is_send::<Command>();
    is_send::<PipeOutput>();
}

#[test]
fn what_is_moved_often_is_small() {
    assert!(size_of::<Event>() <= 160, "{}", size_of::<Event>());
    assert!(size_of::<PipeOutput>() <= 160, "{}", size_of::<PipeOutput>());
    assert!(size_of::<ServerOutput>() <= 160, "{}", size_of::<ServerOutput>());
    assert!(size_of::<Command>() <= 256, "{}", size_of::<Command>());
}

#[test]
fn randomness_is_drawn_for_keys_and_questions_and_nothing_else() {
    for version in Version::ALL {
        let mut peer = Peer::calling(version);
        let drawn = |peer: &Peer| peer.drawn.load(Ordering::Relaxed);
        assert_eq!(drawn(&peer), 32, "the key of requestState, when the machine begins");
        peer.answer(0, "{}").unwrap();
        peer.call(version, "2");
        assert_eq!(drawn(&peer), 32);
        if !version.rules().handshake {
            peer.ask(1, &[("k", form("Name?"))]).unwrap();
            assert_eq!(drawn(&peer), 32 + 32 + 24, "the salt of the call, and a nonce");
        }
    }
}
