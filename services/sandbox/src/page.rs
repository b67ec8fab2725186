//! The web page `/sandbox`: the inbox, and what happened to the cards, for people.

use std::fmt::Write;

use crate::charge::Charge;
use crate::ledger::Totals;
use crate::mailbox::{self, Channel, Message};

const HEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
<meta http-equiv=\"refresh\" content=\"2\"><title>Sandbox</title><style>\
body{font:15px system-ui,sans-serif;margin:2rem}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd}td.n{text-align:right}\
td.t{white-space:pre-line}</style></head><body><h1>Sandbox</h1>";
const MESSAGES: &str = "<table><thead><tr><th>Time</th><th>Way</th><th>To</th><th>Message</th><th>Copies</th></tr></thead><tbody>";
const TABLE: &str = "<table><thead><tr><th>Time</th><th>Order</th><th>Token</th><th>Status</th>\
<th>Amount</th><th>Captured</th><th>Refunded</th><th>Attempts</th></tr></thead><tbody>";

/// The page with these charges and messages.
#[must_use]
pub fn render(
    (charges, totals): (&[Charge], Totals),
    (messages, counts): (&[Message], mailbox::Totals),
) -> String {
    let mut page = String::with_capacity(4096 + 320 * charges.len() + 640 * messages.len());
    page.push_str(HEAD);
    inbox(&mut page, messages, counts);
    cards(&mut page, charges, totals);
    page.push_str("</body></html>");
    page
}

// Writing to a String cannot fail.

fn inbox(page: &mut String, messages: &[Message], counts: mailbox::Totals) {
    let _ = write!(
        page,
        "<h2>Inbox</h2><p>{} messages, {} came again, {} refused. The newest {} are shown; all are at \
         <a href=\"/sandbox/messages\">/sandbox/messages</a>.</p>{MESSAGES}",
        counts.messages,
        counts.duplicates,
        counts.refused,
        messages.len()
    );
    messages.iter().for_each(|message| message_row(page, message));
    page.push_str("</tbody></table>");
}

fn message_row(page: &mut String, message: &Message) {
    let (way, links) = match message.channel {
        Channel::Email => ("e-mail", true),
        Channel::Sms => ("SMS", false),
    };
    let _ = write!(
        page,
        "<tr><td>{:.0}</td><td>{way}</td><td>{}</td><td class=\"t\"><b>{}</b>\n{}",
        message.received_at,
        escape(&message.to.join(", ")),
        escape(message.subject.as_deref().unwrap_or_default()),
        escape(message.text.trim()),
    );
    if links {
        let id = message.id;
        let _ = write!(
            page,
            "\n<a href=\"/sandbox/messages/{id}/html\">HTML</a> <a href=\"/sandbox/messages/{id}/raw\">source</a>"
        );
    }
    let _ = write!(page, "</td><td class=\"n\">{}</td></tr>", message.copies);
}

fn cards(page: &mut String, charges: &[Charge], totals: Totals) {
    let _ = write!(
        page,
        "<h2>Cards</h2><p>{} charges, captured {}, refunded {} (minor units). The newest {} are shown; all are at \
         <a href=\"/sandbox/charges\">/sandbox/charges</a>.</p>",
        totals.charges,
        totals.captured,
        totals.refunded,
        charges.len()
    );
    page.push_str(TABLE);
    charges.iter().for_each(|charge| row(page, charge));
    page.push_str("</tbody></table>");
}

fn row(page: &mut String, charge: &Charge) {
    let _ = write!(
        page,
        "<tr><td>{:.0}</td><td>{}</td><td>{}</td><td>{:?}</td><td class=\"n\">{} {}</td>\
         <td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
        charge.created_at,
        escape(charge.order_id.as_deref().unwrap_or(&charge.idempotency_key)),
        escape(&charge.token),
        charge.status,
        charge.amount,
        escape(&charge.currency),
        charge.captured,
        charge.refunded,
        charge.attempts
    );
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use jiff::Timestamp;

    const MARKUP: &str = "<script>alert(1)</script>";

    #[test]
    fn neither_a_token_nor_a_message_can_bring_markup_into_the_page() {
        let mut charge = Charge::void_of_unseen("k1", None, Timestamp::UNIX_EPOCH);
        charge.token = MARKUP.into();
        let message = Message {
            id: 7,
            channel: Channel::Email,
            from: MARKUP.into(),
            to: vec![MARKUP.into()],
            key: None,
            subject: Some(MARKUP.into()),
            text: MARKUP.into(),
            received_at: Timestamp::UNIX_EPOCH,
            copies: 1,
            raw: Bytes::new(),
        };
        let page = render(
            (&[charge], Totals::default()),
            (&[message], mailbox::Totals::default()),
        );
        assert!(!page.contains("<script>"), "{page}");
        assert!(page.contains("k1") && page.contains("/sandbox/messages/7/html"));
    }
}
