//! What the filters cost: CPU time of Envoy per request, and its memory, side by side at equal load.
//!
//! `make bench-filters`. Rows are measured in turns, several rounds each, so that what else the machine does
//! falls on all of them; the median counts. CPU time is that of Envoy's threads as the kernel accounts it, in
//! nanoseconds, so it does not depend on how fast the client is.

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
const REQUESTS: usize = 20_000;
const ROUNDS: usize = 5;

#[tokio::main]
async fn main() {
    let rows = rows::all();
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
    println!("{ROUNDS} rounds of {REQUESTS} requests each; HTTP/1.1, one Envoy worker; medians\n");
    println!(
        "{:<60} {:>10} {:>10} {:>9}",
        "", "CPU us/req", "added us", "RSS MiB"
    );
    let cpu: Vec<f64> = costs
        .iter()
        .map(|costs| median(costs.iter().map(|cost| cost.cpu_us).collect()))
        .collect();
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

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
