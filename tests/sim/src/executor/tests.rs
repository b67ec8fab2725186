//! The executor keeps its promises.

use super::*;

const WORLD: Process = Process(0);

fn order_of_three_tasks(seed: u64) -> (Vec<u8>, u64) {
    let sim = Sim::new(seed, false);
    let seen = Arc::new(Mutex::new(Vec::new()));
    for name in 0..3 {
        let (seen, local) = (seen.clone(), sim.clone());
        sim.spawn(WORLD, async move {
            for _ in 0..3 {
                local.yield_now().await;
                lock(&seen).push(name);
            }
        });
    }
    sim.run(Duration::from_secs(1), 1_000, || false);
    let order = lock(&seen).clone();
    (order, sim.trace_hash())
}

#[test]
fn the_same_seed_schedules_alike_and_another_does_not() {
    assert_eq!(order_of_three_tasks(7), order_of_three_tasks(7));
    assert!((0..20).any(|seed| order_of_three_tasks(seed).0 != order_of_three_tasks(7).0));
}

#[test]
fn the_clock_jumps_to_the_next_sleeper() {
    let sim = Sim::new(1, false);
    let woke = Arc::new(Mutex::new(Duration::ZERO));
    let (local, at) = (sim.clone(), woke.clone());
    sim.spawn(WORLD, async move {
        local.sleep(Duration::from_secs(3600)).await;
        *lock(&at) = local.elapsed();
    });
    sim.run(Duration::from_secs(7200), 100, || false);
    assert_eq!(*lock(&woke), Duration::from_secs(3600));
}

#[test]
fn a_crash_drops_every_task_of_the_process_and_no_other() {
    let sim = Sim::new(1, false);
    let host = sim.boot(Process(1), "victim");
    let count = Arc::new(Mutex::new(0));
    for process in [Process(1), Process(2)] {
        let (local, count) = (sim.clone(), count.clone());
        sim.spawn(process, async move {
            local.sleep(Duration::from_secs(1)).await;
            *lock(&count) += 1;
        });
    }
    let victim = host.clone();
    host.spawn(async move { victim.crash_point(10_000, "here").await });
    sim.run(Duration::from_secs(2), 100, || false);
    assert_eq!(*lock(&count), 1);
    assert!(!sim.is_up(Process(1)));
}

#[test]
fn a_timeout_gives_up_on_what_never_comes() {
    let sim = Sim::new(1, false);
    let result = Arc::new(Mutex::new(None));
    let (local, out) = (sim.clone(), result.clone());
    sim.spawn(WORLD, async move {
        let answer = local
            .timeout(Duration::from_secs(2), std::future::pending::<u8>())
            .await;
        *lock(&out) = Some((answer, local.elapsed()));
    });
    sim.run(Duration::from_secs(9), 100, || false);
    assert_eq!(*lock(&result), Some((None, Duration::from_secs(2))));
}
