//! What the filters cost: CPU time of Envoy per request, and its memory, side by side at equal load.
//!
//! `bench-filters [WORD]...` takes the rows whose names have one of the words. Rows are measured in turns, in
//! many short rounds, and the cheaper rounds count: what else the machine does can only add to the others. Where requests
//! pass a filter it is five times in the chain, for less than a microsecond is lost in the noise of a whole request; the
//! rows called "once" tell what the first filter of its kind costs, to which the processor's caches have to come back.
//! Rows that begin with "floor" are modules that do nothing, those with "call" make a call to the proxy ten times.
//! CPU time is that of Envoy's threads as the kernel accounts it, in nanoseconds, so it does not depend on how
//! fast the client is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program for a terminal that stops at the first thing that is wrong"
)]

mod load;
mod probe;
mod rows;

use load::{Cost, Load};
use rows::Row;
use serde_json::{Value, json};
use std::ops::Range;

/// Requests per row and round.
const REQUESTS: usize = 240;
const ROUNDS: usize = 120;
/// The rounds in parts, to see how much the results differ from one to the next.
const PARTS: usize = 4;
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

/// One object per row. What else the machine does can only add to a round, so a row costs what its cheaper rounds cost:
/// the lower decile of all, and the least and the greatest lower decile of the parts tell how sure that is.
fn results(rows: &[Row], costs: &[Vec<Cost>]) -> Vec<Value> {
    let of = |name| rows.iter().zip(costs).find(|(row, _)| row.name == name);
    let result = |(row, costs): (&Row, &Vec<Cost>)| {
        let base = row.compared_with.and_then(of).map(|(_, base)| base);
        let added = |range: Range<usize>| {
            Some((cheap(costs.get(range.clone())?) - cheap(base?.get(range)?)) / row.copies as f64)
        };
        let parts = (0..PARTS).filter_map(|part| added(part * ROUNDS / PARTS..(part + 1) * ROUNDS / PARTS));
        let parts: Vec<f64> = parts.collect();
        json!({"name": row.name, "cpu_us_per_request": cheap(costs), "added_us": added(0..ROUNDS), "added_us_of_parts": parts,
               "rss_mib": costs.last().map(|cost| cost.rss_mib)})
    };
    rows.iter().zip(costs).map(result).collect()
}

fn print(results: &[Value]) {
    println!(
        "{ROUNDS} rounds of {REQUESTS} requests each, rows in turns; HTTP/1.1, one Envoy worker; lower deciles\n"
    );
    println!(
        "{:<60} {:>10} {:>9} {:>15} {:>8}",
        "", "CPU us/req", "by 1, us", "of the parts", "RSS MiB"
    );
    for result in results {
        let name = result["name"].as_str().unwrap_or_default();
        let (own, rss) = (number(&result["cpu_us_per_request"]), number(&result["rss_mib"]));
        let parts: Vec<f64> = result["added_us_of_parts"]
            .as_array()
            .into_iter()
            .flatten()
            .map(number)
            .collect();
        let added = result["added_us"]
            .as_f64()
            .map_or_else(String::new, |added| format!("{added:+.2}"));
        let least = parts.iter().copied().reduce(f64::min);
        let range = least.zip(parts.iter().copied().reduce(f64::max));
        let range = range.map_or_else(String::new, |(least, most)| format!("{least:+.1} .. {most:+.1}"));
        println!("{name:<60} {own:>10.2} {added:>9} {range:>15} {rss:>8.1}");
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

/// The lower decile.
fn cheap(costs: &[Cost]) -> f64 {
    let mut sorted: Vec<f64> = costs.iter().map(|cost| cost.cpu_us).collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 10).copied().unwrap_or(f64::NAN)
}
