//! The web page `/sandbox`: what happened to the cards, for people.

use std::fmt::Write;

use crate::charge::Charge;
use crate::ledger::Totals;

const HEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
<meta http-equiv=\"refresh\" content=\"2\"><title>Sandbox</title><style>\
body{font:15px system-ui,sans-serif;margin:2rem}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd}td.n{text-align:right}\
</style></head><body><h1>Card provider sandbox</h1>";
const TABLE: &str = "<table><thead><tr><th>Time</th><th>Order</th><th>Token</th><th>Status</th>\
<th>Amount</th><th>Captured</th><th>Refunded</th><th>Attempts</th></tr></thead><tbody>";

/// The page with these charges.
#[must_use]
pub fn render(charges: &[Charge], totals: Totals) -> String {
    let mut page = String::with_capacity(HEAD.len() + TABLE.len() + 320 * charges.len() + 200);
    page.push_str(HEAD);
    // Writing to a String cannot fail.
    let _ = write!(
        page,
        "<p>{} charges, captured {}, refunded {} (minor units). The newest {} are shown; all are at \
         <a href=\"/sandbox/charges\">/sandbox/charges</a>.</p>",
        totals.charges,
        totals.captured,
        totals.refunded,
        charges.len()
    );
    page.push_str(TABLE);
    charges.iter().for_each(|charge| row(&mut page, charge));
    page.push_str("</tbody></table></body></html>");
    page
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn a_token_cannot_bring_markup_into_the_page() {
        let mut charge = Charge::void_of_unseen("k1", None, Timestamp::UNIX_EPOCH);
        charge.token = "<script>alert(1)</script>".into();
        let page = render(&[charge], Totals::default());
        assert!(!page.contains("<script>"), "{page}");
        assert!(page.contains("k1"));
    }
}
