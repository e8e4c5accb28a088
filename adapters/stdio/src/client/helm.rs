//! Who turns a driver: the thread that is there for it, or one that waits for a call anyway.
//!
//! A thread that waits for an answer and reads it itself saves two hand-overs for each call. So
//! when the driver's own thread has woken everybody who waited, it leaves the helm for a moment;
//! whoever waits next takes it, and leaves it as soon as there is news for it. When the moment has
//! passed without that, or when somebody else waits by then, the driver's own thread goes on.

use std::{
    mem,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// How long the helm stays unmanned for whoever waits next: longer than most programs take between
/// two calls, and short enough for what nobody waits for.
const MOMENT: Duration = Duration::from_micros(500);

/// A driver, as far as whoever is at the helm knows it.
pub(super) trait Turn: Send {
    /// Goes on until the end, or until `enough`. That is asked whenever all that has come is
    /// served, and told whether that has woken somebody. Returns whether it is the end.
    fn turn(&mut self, enough: &mut dyn FnMut(bool) -> bool) -> bool;

    /// Ends the connection.
    fn finish(self: Box<Self>);
}

/// Where the driver is while nobody turns it, and who waits.
#[derive(Default)]
pub(super) struct Helm {
    berth: Mutex<Berth>,
    /// For the driver's own thread.
    changed: Condvar,
    /// How many threads wait for a call without turning the driver.
    waiting: AtomicUsize,
}

#[derive(Default)]
struct Berth {
    /// `None` while somebody turns it.
    driver: Option<Box<dyn Turn>>,
    /// How often it was taken.
    taken: u64,
    /// The driver has come to its end.
    over: bool,
    /// The driver's own thread is to take it at once.
    summoned: bool,
    /// The driver's own thread waits to hear that the helm has been left.
    tell: bool,
}

impl Helm {
    /// Turns a driver to its end, but for when others do. For the driver's own thread.
    pub(super) fn keep(&self, mut driver: Box<dyn Turn>) {
        loop {
            let mut woken = false;
            let over = driver.turn(&mut |now| {
                woken |= now;
                woken && self.waiting.load(Ordering::SeqCst) == 0
            });
            if over {
                return driver.finish();
            }
            self.leave(driver, false);
            driver = self.stand_by();
        }
    }

    /// Says that a thread is about to wait, and hands it the driver if nobody turns that. With a
    /// driver it does not count as waiting.
    pub(super) fn wait(&self) -> Option<Box<dyn Turn>> {
        // First the word, then the look: whoever leaves the helm does it the other way round.
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut berth = self.lock();
        if berth.over {
            return None;
        }
        let driver = berth.driver.take()?;
        berth.taken += 1;
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        Some(driver)
    }

    /// Threads no longer wait.
    pub(super) fn wait_no_more(&self, threads: usize) {
        self.waiting.fetch_sub(threads, Ordering::SeqCst);
    }

    /// Turns a driver that was handed out until there is `news`.
    pub(super) fn steer(&self, mut driver: Box<dyn Turn>, news: impl Fn() -> bool) {
        let over = driver.turn(&mut |_| news());
        self.leave(driver, over);
    }

    fn leave(&self, driver: Box<dyn Turn>, over: bool) {
        let mut berth = self.lock();
        berth.driver = Some(driver);
        berth.over = over;
        berth.summoned = over || self.waiting.load(Ordering::SeqCst) > 0;
        if mem::take(&mut berth.tell) || berth.summoned {
            drop(berth);
            self.changed.notify_one();
        }
    }

    /// Waits until the driver is for its own thread again.
    fn stand_by(&self) -> Box<dyn Turn> {
        let mut berth = self.lock();
        loop {
            if mem::take(&mut berth.summoned)
                && let Some(driver) = berth.driver.take()
            {
                return driver;
            }
            let taken = berth.taken;
            let waited = self.changed.wait_timeout(berth, MOMENT);
            let (now, moment) = waited.unwrap_or_else(PoisonError::into_inner);
            berth = now;
            if !moment.timed_out() || berth.taken != taken {
                continue;
            }
            if let Some(driver) = berth.driver.take() {
                return driver;
            }
            // Whoever has been at the helm for a moment may stay for long.
            berth.tell = true;
            while berth.tell {
                berth = self.changed.wait(berth).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Berth> {
        self.berth.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            mpsc::{Receiver, Sender, channel},
        },
        thread,
    };

    use super::*;

    /// What a turn is to do: wake somebody or not, or end.
    #[derive(Clone, Copy, PartialEq)]
    enum Step {
        Wake,
        Rest,
        End,
    }

    /// A driver that does what it is told, and says on which thread.
    struct Scripted {
        steps: Receiver<Step>,
        turned: Sender<Option<String>>,
    }

    impl Turn for Scripted {
        fn turn(&mut self, enough: &mut dyn FnMut(bool) -> bool) -> bool {
            loop {
                // Whoever scripts it is gone: it is over.
                let step = self.steps.recv().unwrap_or(Step::End);
                let _ = self.turned.send(thread::current().name().map(Into::into));
                if step == Step::End || enough(step == Step::Wake) {
                    return step == Step::End;
                }
            }
        }

        fn finish(self: Box<Self>) {}
    }

    /// A helm whose own thread is named `own`, what scripts its driver, and who turned it.
    fn manned() -> (Arc<Helm>, Sender<Step>, Receiver<Option<String>>) {
        let helm = Arc::new(Helm::default());
        let (script, steps) = channel();
        let (turned, who) = channel();
        let kept = helm.clone();
        let keep = move || kept.keep(Box::new(Scripted { steps, turned }));
        thread::Builder::new().name("own".into()).spawn(keep).unwrap();
        (helm, script, who)
    }

    fn name(who: &Receiver<Option<String>>) -> Option<String> {
        who.recv_timeout(Duration::from_secs(10)).unwrap()
    }

    /// Waits until the helm is left, and takes it, before its own thread comes back to it.
    fn take_when_left(helm: &Helm, script: &Sender<Step>) -> Box<dyn Turn> {
        for _ in 0..10_000 {
            script.send(Step::Wake).unwrap();
            for _ in 0..1000 {
                if let Some(driver) = helm.wait() {
                    return driver;
                }
                helm.wait_no_more(1);
                thread::yield_now();
            }
        }
        panic!("nobody leaves the helm");
    }

    #[test]
    fn whoever_waits_next_turns_the_driver_until_there_is_news() {
        let (helm, script, who) = manned();
        let driver = take_when_left(&helm, &script);
        while who.try_recv().is_ok() {}
        for _ in 0..2 {
            script.send(Step::Rest).unwrap();
        }
        let turns = std::cell::Cell::new(0);
        helm.steer(driver, || turns.replace(turns.get() + 1) == 1);
        assert_eq!(turns.get(), 2);
        let me = thread::current().name().map(String::from);
        assert_eq!((name(&who), name(&who)), (me.clone(), me));
    }

    #[test]
    fn a_helm_that_nobody_takes_is_taken_by_its_own_thread() {
        let (helm, script, who) = manned();
        for step in [Step::Wake, Step::Rest, Step::Wake, Step::End] {
            script.send(step).unwrap();
            assert_eq!(name(&who).as_deref(), Some("own"));
        }
        drop(helm);
    }

    #[test]
    fn its_own_thread_stays_while_somebody_waits() {
        let (helm, script, who) = manned();
        assert!(helm.wait().is_none(), "nobody has left the helm yet");
        for _ in 0..3 {
            script.send(Step::Wake).unwrap();
            assert_eq!(name(&who).as_deref(), Some("own"));
            assert!(helm.lock().driver.is_none());
        }
    }
}
