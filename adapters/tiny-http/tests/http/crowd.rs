//! Many connections at once: `tiny_http`'s own pool of threads would keep some of them waiting.

use std::{sync::Barrier, thread};

use crate::common::{Client, Running};

/// Lets `count` clients connect and ask at the same moment; none closes before all have asked.
fn all_at_once(server: &Running, count: usize, ask: impl Fn(&mut Client) + Sync) {
    let (start, done) = (Barrier::new(count), Barrier::new(count));
    thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(|| {
                start.wait();
                let mut client = server.client();
                ask(&mut client);
                done.wait();
            });
        }
    });
}

fn keep_asking(client: &mut Client) {
    client.initialize();
    client.check_echo();
    client.check_echo();
}

/// As `curl` does in a loop: a connection for each request.
fn ask_anew(client: &mut Client) {
    client.initialize();
    for _ in 0..3 {
        let mut next = Client::new(client.stream.peer_addr().unwrap());
        next.session.clone_from(&client.session);
        next.check_echo();
    }
}

#[test]
fn sixteen_clients_that_keep_their_connections_are_served_at_once() {
    all_at_once(&Running::new(), 16, keep_asking);
}

#[test]
fn sixty_four_clients_that_keep_their_connections_are_served_at_once() {
    all_at_once(&Running::new(), 64, keep_asking);
}

#[test]
fn sixteen_clients_that_connect_for_each_request_are_served_at_once() {
    all_at_once(&Running::new(), 16, ask_anew);
}

#[test]
fn sixty_four_clients_that_connect_for_each_request_are_served_at_once() {
    all_at_once(&Running::new(), 64, ask_anew);
}

#[test]
fn sixty_four_streams_are_opened_at_once_and_calls_served_beside_them() {
    let server = Running::new();
    all_at_once(&server, 64, |client| {
        client.initialize();
        client.open_stream();
        let mut other = Client::new(client.stream.peer_addr().unwrap());
        other.session.clone_from(&client.session);
        other.check_echo();
    });
}

#[test]
fn a_second_crowd_is_served_after_the_first_has_left() {
    let server = Running::new();
    for _ in 0..3 {
        all_at_once(&server, 16, keep_asking);
    }
}
