//! Certificates for the proxies of one run: an authority that lives as long as this function, so that nobody can ever
//! issue another, and one certificate per service account.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jiff::{ToSpan as _, ZonedDateTime};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};

use crate::local::Error;
use crate::secret;

/// Longer than a platform runs on a laptop.
const VALID_DAYS: i64 = 365;

/// Writes `cert-chain.pem`, `key.pem` and `root-cert.pem` for each account into a folder of its name.
pub(super) fn issue(folder: &Path, accounts: impl IntoIterator<Item = &'static str>) -> Result<(), Error> {
    let authority = authority().map_err(failed)?;
    for account in accounts {
        let key = KeyPair::generate().map_err(failed)?;
        let leaf = leaf(account)
            .and_then(|leaf| leaf.signed_by(&key, &authority))
            .map_err(failed)?;
        let folder = folder.join(account);
        let files = [
            ("cert-chain.pem", leaf.pem()),
            ("key.pem", key.serialize_pem()),
            ("root-cert.pem", authority.pem()),
        ];
        for (name, text) in files {
            let path = folder.join(name);
            secret::keep(&path, text.as_bytes()).map_err(|source| Error::File { path, source })?;
        }
        private(&folder)?;
    }
    Ok(())
}

fn private(folder: &Path) -> Result<(), Error> {
    fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(|source| Error::File {
        path: folder.to_owned(),
        source,
    })
}

fn failed(error: rcgen::Error) -> Error {
    Error::Certificates(error.to_string())
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = valid();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, "holdfast on this machine");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

/// As Istio issues them: the name is the URI alone.
fn leaf(account: &str) -> Result<CertificateParams, rcgen::Error> {
    let name = format!("spiffe://cluster.local/ns/holdfast/sa/{account}");
    let mut params = valid();
    params.distinguished_name = DistinguishedName::new();
    params.subject_alt_names = vec![SanType::URI(name.try_into()?)];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    Ok(params)
}

fn valid() -> CertificateParams {
    let today = ZonedDateTime::now().date();
    let day = |days: i64| {
        let date = today.saturating_add(days.days());
        date_time_ymd(
            date.year().into(),
            date.month().unsigned_abs(),
            date.day().unsigned_abs(),
        )
    };
    let mut params = CertificateParams::default();
    // Whatever the time zone, it holds already.
    params.not_before = day(-1);
    params.not_after = day(VALID_DAYS);
    params
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_gets_a_key_of_its_own_that_only_its_owner_may_read() {
        let folder = tempfile::tempdir().unwrap();
        issue(folder.path(), ["order", "payment"]).unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_ne!(read("order/key.pem"), read("payment/key.pem"));
        assert_eq!(read("order/root-cert.pem"), read("payment/root-cert.pem"));
        for (path, mode) in [("order/key.pem", 0o600), ("order", 0o700)] {
            let found = fs::metadata(folder.path().join(path))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(found & 0o777, mode, "{path}");
        }
    }

    #[test]
    fn every_run_has_an_authority_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let root = || {
            issue(folder.path(), ["order"]).unwrap();
            fs::read(folder.path().join("order/root-cert.pem")).unwrap()
        };
        assert_ne!(root(), root());
    }
}
