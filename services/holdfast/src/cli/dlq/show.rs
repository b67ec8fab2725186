//! Letters and operations, as people and programs read them.

use holdfast_platform::dead_letter::{Letter, type_token};
use serde_json::Value;

use crate::ops::audit;
use crate::ops::letters::StoredLetter;
use crate::ops::view::{operation, status};
use crate::ui::{self, Colour, Paint};

/// One line.
pub(super) fn line(stored: &StoredLetter) {
    let paint = Paint::from_environment();
    let letter = match &stored.letter {
        Ok(letter) => letter,
        Err(error) => {
            return ui::line(format_args!(
                "#{:<7} {}  {}  cannot be read: {error}",
                stored.sequence, stored.stored, stored.subject
            ));
        }
    };
    let Letter {
        consumer,
        reason,
        about,
        redrives,
        ..
    } = letter;
    let redriven = match redrives {
        0 => String::new(),
        times => format!("sent back {times}x  "),
    };
    ui::line(format_args!(
        "{} {}  {:<18} {} {:<12} {}  {redriven}{}",
        paint.paint(Colour::Cyan, format_args!("#{:<7}", stored.sequence)),
        stored.stored.strftime("%Y-%m-%dT%H:%M:%SZ"),
        consumer,
        paint.paint(Colour::Red, format_args!("{reason:<14}")),
        type_token(letter.event_type.as_deref()),
        about.entity.as_deref().unwrap_or("_"),
        letter.last.error,
    ));
}

/// The letter with its story, for people.
pub(super) fn story(stored: &StoredLetter) {
    line(stored);
    let Ok(letter) = &stored.letter else { return };
    let origin = &letter.origin;
    ui::line(format_args!(
        "  source    {} #{} {} at {}",
        origin.stream, origin.sequence, origin.subject, origin.time
    ));
    ui::line(format_args!(
        "  attempts  {}, sent back {} times",
        letter.attempts, letter.redrives
    ));
    ui::line(format_args!(
        "  first     {} {}",
        letter.first.time, letter.first.error
    ));
    ui::line(format_args!(
        "  last      {} {}",
        letter.last.time, letter.last.error
    ));
    if let Some(user) = &letter.about.user {
        ui::line(format_args!("  user      {user}"));
    }
    if let Some(trace) = &letter.trace_id {
        ui::line(format_args!("  trace     {trace}"));
    }
    for (name, value) in &letter.headers {
        ui::line(format_args!("  {name}: {value}"));
    }
    ui::line("");
    match serde_json::from_slice::<Value>(&letter.payload) {
        Ok(payload) => ui::line(format_args!("{payload:#}")),
        Err(_) => ui::line(String::from_utf8_lossy(&letter.payload)),
    }
}

/// One line, and with `details` one for each item that was not done.
pub(super) fn history(history: &audit::History, as_json: bool, details: bool) {
    if as_json {
        return ui::line(operation(history));
    }
    let audit::History { started, tally, .. } = history;
    ui::line(format_args!(
        "{}  {}  {:<12} {:<11} {} by {} ({}): {} of {} done, {} left alone, {} failed  {}",
        history.since.strftime("%Y-%m-%dT%H:%M:%SZ"),
        history.id,
        started.command,
        status(history),
        if started.forced { "forced" } else { "" },
        started.actor,
        started.via,
        tally.done,
        started.matching,
        tally.skipped,
        tally.failed,
        started.filter,
    ));
    for item in history.failed.iter().filter(|_| details) {
        ui::line(format_args!("  {}: {}", item.item, item.detail));
    }
}
