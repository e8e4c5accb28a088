//! A process without descriptors, in which `tiny_http` accepts no more. One test in a process of
//! its own, because it takes them away.

#![cfg(target_os = "linux")]

mod common;

use common::{Client, Running, eventually};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[test]
fn connections_are_accepted_again_when_there_are_descriptors_again() {
    let server = Running::new();
    let mut first = server.session();
    first.check_echo();
    let before = getrlimit(Resource::Nofile);
    let used = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    // Room for our end of some connections and one and a half of the server's, which takes two.
    let scarce = Rlimit { current: Some(used + 6), ..before };
    setrlimit(Resource::Nofile, scarce).unwrap();
    let open: Vec<_> =
        std::iter::from_fn(|| std::net::TcpStream::connect(server.address).ok()).collect();
    assert!(!open.is_empty());
    first.check_echo();
    drop(open);
    setrlimit(Resource::Nofile, before).unwrap();
    eventually("connections are not accepted again", || {
        Client::new(server.address).try_initialize().status == 200
    });
    first.check_echo();
}
