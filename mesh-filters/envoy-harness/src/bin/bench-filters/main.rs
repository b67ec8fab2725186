//! What the filters cost: CPU time of Envoy per request, and its memory, side by side at equal load.
//!
//! `bench-filters [WORD]...` takes the rows whose names have one of the words. Rows are measured in turns, in
//! many short rounds, and the cheapest round counts: what else the machine does can only add to the others.
//! CPU time is that of Envoy's threads as the kernel accounts it, in nanoseconds, so it does not depend on how
//! fast the client is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program for a terminal that stops at the first thing that is wrong"
)]

mod load;
mod rows;

use load::{Cost, Load};
use rows::Row;

/// Requests per row and round.
const REQUESTS: usize = 800;
const ROUNDS: usize = 150;

#[tokio::main]
async fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted =
        |row: &Row| wanted.is_empty() || wanted.iter().any(|word| row.name.contains(word.as_str()));
    let rows: Vec<Row> = rows::all().into_iter().filter(is_wanted).collect();
    let mut loads = Vec::with_capacity(rows.len());
    for row in &rows {
        loads.push(Load::start(row).await);
    }
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); rows.len()];
    for _ in 0..ROUNDS {
        for (load, costs) in loads.iter().zip(&mut costs) {
            costs.push(load.run(REQUESTS).await);
        }
    }
    print(&rows, &costs);
}

fn print(rows: &[Row], costs: &[Vec<Cost>]) {
    println!("{ROUNDS} rounds of {REQUESTS} requests each; HTTP/1.1, one Envoy worker; the cheapest round\n");
    println!(
        "{:<60} {:>10} {:>10} {:>9}",
        "", "CPU us/req", "added us", "RSS MiB"
    );
    let cpu: Vec<f64> = costs.iter().map(|costs| least(costs)).collect();
    for ((row, costs), own) in rows.iter().zip(costs).zip(&cpu) {
        let base = rows
            .iter()
            .zip(&cpu)
            .find(|(other, _)| row.compared_with == Some(other.name));
        let added = base.map_or_else(String::new, |(_, base)| format!("{:+.2}", own - base));
        let rss = costs.last().map_or(0.0, |cost| cost.rss_mib);
        println!("{:<60} {own:>10.2} {added:>10} {rss:>9.1}", row.name);
    }
}

/// The cheapest round.
fn least(costs: &[Cost]) -> f64 {
    costs.iter().map(|cost| cost.cpu_us).fold(f64::INFINITY, f64::min)
}
