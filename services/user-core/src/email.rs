//! E-mail addresses: which texts are one, and which two are the same account.

use icu_normalizer::ComposingNormalizerBorrowed;
use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

use crate::Invalid;

/// The longest address, in bytes (RFC 5321 §4.5.3.1.3, without the brackets).
pub const MAX_LENGTH: usize = 254;
const MAX_LOCAL: usize = 64;

/// A valid address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    address: String,
    identity: String,
}

impl Email {
    /// Reads an address: `local@domain` with a dot-atom local part (RFC 5321, and UTF-8 as of RFC 6531) and a domain
    /// of at least two labels. Space around it is ignored.
    ///
    /// # Errors
    /// [`Invalid`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim_matches(' ');
        if text.len() > MAX_LENGTH {
            return Err("must have at most 254 bytes".into());
        }
        let (local, domain) = text
            .rsplit_once('@')
            .ok_or_else(|| Invalid::from("must have an @"))?;
        let local = ComposingNormalizerBorrowed::new_nfc().normalize(local);
        check_local(&local)?;
        let domain = ascii(domain)?;
        let folded = ComposingNormalizerBorrowed::new_nfkc()
            .normalize(&local)
            .to_lowercase();
        // Lower case may be composed of other parts than what it comes from.
        let folded = ComposingNormalizerBorrowed::new_nfkc()
            .normalize(&folded)
            .into_owned();
        check_local(&folded)?;
        Ok(Self {
            address: format!("{local}@{domain}"),
            identity: format!("{folded}@{domain}"),
        })
    }

    /// Where messages are sent to: the local part as it was given, the domain in ASCII.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What two addresses of one account have in common: compatible forms and cases of letters are the same. The
    /// standard lets servers tell upper from lower case, but people do not.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.identity
    }
}

fn check_local(local: &str) -> Result<(), Invalid> {
    if local.is_empty() || local.len() > MAX_LOCAL {
        return Err("must have 1 to 64 bytes before the @".into());
    }
    if local.split('.').any(str::is_empty) {
        return Err("must have something before, between and after the dots that are before the @".into());
    }
    if !local.chars().all(is_atom) {
        return Err("has a character before the @ that cannot be there".into());
    }
    Ok(())
}

/// `atext`, and the dot between atoms.
fn is_atom(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(c),
        false => {
            c.is_alphanumeric() || c == '\u{200d}' || !(c.is_control() || c.is_whitespace() || is_format(c))
        }
    }
}

/// Characters that are not seen: they would make two addresses look the same.
fn is_format(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

fn ascii(domain: &str) -> Result<String, Invalid> {
    let domain = Uts46::new()
        .to_ascii(
            domain.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::Check,
            DnsLength::Verify,
        )
        .map_err(|_| Invalid::from("must have a domain after the @"))?;
    let top = domain.rsplit_once('.').map(|(_, top)| top);
    match top {
        Some(top) if !top.bytes().all(|b| b.is_ascii_digit()) => Ok(domain.into_owned()),
        _ => Err("must have a domain after the @, such as example.org".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn identity(text: &str) -> String {
        Email::parse(text).unwrap().identity().to_owned()
    }

    #[test]
    fn given_another_spelling_of_an_address_it_is_the_same_account() {
        for (one, other) in [
            ("anna@example.org", " Anna@EXAMPLE.org "),
            ("jos\u{e9}@example.org", "jose\u{301}@example.org"),
            ("a@b\u{fc}cher.example", "a@xn--bcher-kva.example"),
            ("\u{ff41}nna@example.org", "anna@example.org"),
        ] {
            assert_eq!(identity(one), identity(other));
        }
        assert_ne!(identity("anna+a@example.org"), identity("anna@example.org"));
        assert_ne!(identity("an.na@example.org"), identity("anna@example.org"));
    }

    #[test]
    fn an_address_is_sent_to_as_it_was_given() {
        assert_eq!(
            Email::parse("Anna.B@EXAMPLE.org").unwrap().address(),
            "Anna.B@example.org"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(65));
        let longer = format!("a@{}example.org", "a.".repeat(130));
        for text in [
            "",
            "@",
            "a",
            "a@",
            "@b.c",
            "a@b",
            "a@b..c",
            "a@.b.c",
            "a@b.c.",
            "a..b@c.d",
            ".a@b.c",
            "a.@b.c",
            "a b@c.d",
            "a@b c.d",
            "a@b@c.d",
            "\"a\"@b.c",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a\0@b.c",
            "a@b\0.c",
            "a\n@b.c",
            "a\u{200b}@b.c",
            "a\u{202e}@b.c",
            "a@-b.c",
            "a@b_c.d",
            &long,
            &longer,
        ] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn normalising_is_final(text in "\\PC{0,12}@[a-zA-Z\u{e4}\u{f6}0-9-]{1,9}\\.[a-z]{2,4}") {
            if let Ok(email) = Email::parse(&text) {
                let again = Email::parse(email.identity()).map(|e| e.identity().to_owned());
                // Folding may make an address longer than addresses may be.
                if let Ok(again) = again {
                    prop_assert_eq!(again, email.identity());
                }
                prop_assert_eq!(Email::parse(email.address()).unwrap(), email);
            }
        }

        #[test]
        fn no_text_is_too_odd(text in "\\PC*|[\\x00-\\x7f]*") {
            let _ = Email::parse(&text);
        }
    }
}
