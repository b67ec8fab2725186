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
mod nothing;
mod rows;

use load::{Cost, Load};
use rows::Row;
use serde_json::{Value, json};

/// Requests per row and round.
const REQUESTS: usize = 800;
const ROUNDS: usize = 150;
/// The same as on the terminal, for programs; relative to where `make` runs.
const REPORT: &str = "target/bench-filters.json";

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
    let results = results(&rows, &costs);
    print(&results);
    let report = json!({"rounds": ROUNDS, "requests_per_round": REQUESTS, "protocol": "HTTP/1.1", "workers": 1,
                        "rows": results});
    std::fs::write(REPORT, format!("{report:#}\n")).expect("the report is written");
    println!("\n{REPORT}");
}

/// One object per row: the cheapest CPU time per request, what the filters add to the row without them, memory.
fn results(rows: &[Row], costs: &[Vec<Cost>]) -> Vec<Value> {
    let of = |name| {
        rows.iter()
            .zip(costs)
            .find(|(row, _)| row.name == name)
            .map(|(_, costs)| least(costs))
    };
    let result = |(row, costs): (&Row, &Vec<Cost>)| {
        let own = least(costs);
        let added = row.compared_with.and_then(of).map(|base| own - base);
        let rss = costs.last().map(|cost| cost.rss_mib);
        json!({"name": row.name, "cpu_us_per_request": own, "added_us": added, "rss_mib": rss})
    };
    rows.iter().zip(costs).map(result).collect()
}

fn print(results: &[Value]) {
    println!("{ROUNDS} rounds of {REQUESTS} requests each; HTTP/1.1, one Envoy worker; the cheapest round\n");
    println!(
        "{:<60} {:>10} {:>10} {:>9}",
        "", "CPU us/req", "added us", "RSS MiB"
    );
    for result in results {
        let name = result["name"].as_str().unwrap_or_default();
        let number = |field: &str| result[field].as_f64().unwrap_or(f64::NAN);
        let (own, rss) = (number("cpu_us_per_request"), number("rss_mib"));
        let added = result["added_us"].as_f64();
        let added = added.map_or_else(String::new, |added| format!("{added:+.2}"));
        println!("{name:<60} {own:>10.2} {added:>10} {rss:>9.1}");
    }
}

/// The cheapest round.
fn least(costs: &[Cost]) -> f64 {
    costs.iter().map(|cost| cost.cpu_us).fold(f64::INFINITY, f64::min)
}
