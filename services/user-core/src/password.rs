//! Passwords: what can be one, and which are strong enough.

use icu_normalizer::ComposingNormalizerBorrowed;
use zxcvbn::{Score, zxcvbn};

use crate::Invalid;

/// The fewest characters.
pub const MIN_CHARACTERS: usize = 8;
/// The most bytes, as given.
pub const MAX_BYTES: usize = 1024;
/// Beyond these the strength does not depend on what follows, and looking at it costs more than it tells.
const JUDGED_CHARACTERS: usize = 100;
const STRONG: Score = Score::Three;

/// A password as it is hashed: in one Unicode form (RFC 8265 §4.2), since keyboards differ in what they send.
///
/// # Errors
/// [`Invalid`] if it is too long or has control characters.
pub fn prepare(text: &str) -> Result<String, Invalid> {
    if text.len() > MAX_BYTES {
        return Err("must have at most 1024 bytes".into());
    }
    if text.chars().any(char::is_control) {
        return Err("must not have control characters".into());
    }
    Ok(ComposingNormalizerBorrowed::new_nfc()
        .normalize(text)
        .into_owned())
}

/// Whether a prepared password is strong enough for an account with these other words (e-mail address, name), which
/// whoever guesses tries first.
///
/// # Errors
/// [`Invalid`] says what would be better.
pub fn judge(password: &str, words: &[&str]) -> Result<(), Invalid> {
    if password.chars().count() < MIN_CHARACTERS {
        return Err("must have at least 8 characters".into());
    }
    let judged: String = password.chars().take(JUDGED_CHARACTERS).collect();
    let parts = words.iter().flat_map(|word| word.split(['@', '.', ' ']));
    let known: Vec<&str> = words.iter().copied().chain(parts).chain(["holdfast"]).collect();
    let entropy = zxcvbn(&judged, &known);
    if entropy.score() >= STRONG {
        return Ok(());
    }
    let hint = entropy.feedback().and_then(|feedback| {
        let warning = feedback.warning().map(|warning| warning.to_string());
        warning.or_else(|| feedback.suggestions().first().map(ToString::to_string))
    });
    let hint = hint.unwrap_or_else(|| "Add another word or two. Uncommon words are better.".to_owned());
    Err(Invalid(format!("is too easy to guess. {hint}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_weak_password_is_refused_with_a_hint() {
        for weak in [
            "",
            "short1!",
            "password",
            "12345678",
            "qwertyuiop",
            "aaaaaaaaaaaaaaaaaaaa",
            "Passw0rd!",
        ] {
            assert!(judge(weak, &[]).is_err(), "{weak}");
        }
        let Invalid(reason) = judge("password", &[]).unwrap_err();
        assert!(reason.starts_with("is too easy to guess. "), "{reason}");
    }

    #[test]
    fn a_password_made_of_what_is_known_of_its_owner_is_weak() {
        let words = ["annegret.lindqvist@example.org", "Annegret Lindqvist"];
        assert!(judge("annegretlindqvist", &[]).is_ok());
        assert!(judge("annegretlindqvist", &words).is_err());
        assert!(judge("annegret.lindqvist@example.org", &words).is_err());
    }

    #[test]
    fn long_and_foreign_passwords_are_welcome() {
        let kilobyte = "correct horse battery staple ".repeat(40);
        let kilobyte = &kilobyte[..MAX_BYTES];
        for strong in [
            kilobyte,
            "пять верблюдов идут",
            "\u{1f40e}\u{1f50b}\u{1f4ce} staple horse \u{1f600}",
        ] {
            assert!(judge(&prepare(strong).unwrap(), &[]).is_ok(), "{strong}");
        }
        assert!(prepare(&"x".repeat(MAX_BYTES + 1)).is_err());
    }

    #[test]
    fn control_characters_are_refused_and_not_a_cut() {
        for text in ["secret\0tail", "line\nbreak", "\u{7f}delete"] {
            assert!(prepare(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn both_forms_of_a_password_are_the_same(text in "[a-z\u{e0}-\u{ff}]{0,20}") {
            let decomposed = icu_normalizer::DecomposingNormalizerBorrowed::new_nfd().normalize(&text).into_owned();
            prop_assert_eq!(prepare(&text).unwrap(), prepare(&decomposed).unwrap());
        }
    }
}
