//! Names, phone numbers, and by which ways somebody wants to hear of orders.

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// The most characters of a name.
pub const MAX_NAME: usize = 100;

/// By which ways somebody wants to hear of orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notifications {
    /// By e-mail.
    #[serde(default = "yes")]
    pub email: bool,
    /// By SMS, if there is a phone number.
    #[serde(default)]
    pub sms: bool,
}

fn yes() -> bool {
    true
}

impl Default for Notifications {
    fn default() -> Self {
        Self {
            email: true,
            sms: false,
        }
    }
}

/// A name for people: 1 to [`MAX_NAME`] characters, without those that control a terminal or the direction of text.
///
/// # Errors
/// [`Invalid`] says what is wrong.
pub fn name(text: &str) -> Result<String, Invalid> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return Err("must have 1 to 100 characters".into());
    }
    let hidden = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if name.chars().any(hidden) {
        return Err("must not have control characters".into());
    }
    Ok(name.to_owned())
}

/// A phone number in the form of E.164: `+`, then 7 to 15 digits. Space, dots, hyphens and brackets are left out.
///
/// # Errors
/// [`Invalid`] says what is wrong.
pub fn phone(text: &str) -> Result<String, Invalid> {
    const FORM: &str = "must be an international number such as +49 30 123456";
    let number: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')'))
        .collect();
    let digits = number.strip_prefix('+').ok_or(FORM)?;
    let well = (7..=15).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0');
    if well { Ok(number) } else { Err(FORM.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_for_people() {
        assert_eq!(
            name("  Anna-Lena O'Brien \u{1f600} "),
            Ok("Anna-Lena O'Brien \u{1f600}".to_owned())
        );
        assert!(name("'; DROP TABLE users; --").is_ok());
        for text in [
            "",
            "  ",
            "a\0b",
            "a\nb",
            "a\u{1b}[2J",
            "a\u{202e}b",
            &"x".repeat(101),
        ] {
            assert!(name(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn phone_numbers_are_international() {
        assert_eq!(phone("+49 (30) 123-456"), Ok("+4930123456".to_owned()));
        for text in [
            "",
            "+",
            "030123456",
            "+0301234567",
            "+49 30 12x456",
            "+1234567890123456",
            "+123456",
            "+\u{661}234567",
        ] {
            assert!(phone(text).is_err(), "{text:?}");
        }
    }
}
