//! The storage accounts that Azurite serves. It reads them at start, so the list is fixed.

use aws_lc_rs::digest::{SHA512, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Where Azurite listens, inside the namespace and for every pod. Accounts are the first part of the path.
pub const ENDPOINT: &str = "http://10.245.0.1:10000";

/// The account that Azurite knows by itself, with the key that its documentation publishes.
const WELL_KNOWN: (&str, &str) = (
    "devstoreaccount1",
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
);

/// Names that configurations in tests may use.
const OTHERS: &[&str] = &[
    "labbackups1",
    "labbackups2",
    "labbackups3",
    "pgbackups1",
    "pgbackups2",
    "pgbackups3",
];

/// A storage account of the lab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageAccount {
    pub name: &'static str,
    /// Base64, as Azure gives it out. These keys open nothing but the lab.
    pub key: String,
}

impl StorageAccount {
    /// Base URL of the account; a container follows as path.
    pub fn blob_endpoint(&self) -> String {
        format!("{ENDPOINT}/{}", self.name)
    }

    pub fn connection_string(&self) -> String {
        format!(
            "DefaultEndpointsProtocol=http;AccountName={};AccountKey={};BlobEndpoint={};",
            self.name,
            self.key,
            self.blob_endpoint()
        )
    }
}

/// All accounts. Keys differ, so that a test notices one that is used for another account.
pub fn storage_accounts() -> Vec<StorageAccount> {
    let others = OTHERS.iter().map(|name| {
        let key = STANDARD.encode(digest(
            &SHA512,
            format!("lab storage account {name}").as_bytes(),
        ));
        StorageAccount { name, key }
    });
    std::iter::once(StorageAccount {
        name: WELL_KNOWN.0,
        key: WELL_KNOWN.1.into(),
    })
    .chain(others)
    .collect()
}

/// The list in the form of Azurite's `AZURITE_ACCOUNTS`.
pub fn azurite_accounts() -> String {
    storage_accounts()
        .iter()
        .map(|account| format!("{}:{}", account.name, account.key))
        .collect::<Vec<_>>()
        .join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_have_valid_names_and_keys_of_their_own() {
        let accounts = storage_accounts();
        for account in &accounts {
            let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            assert!(
                (3..=24).contains(&account.name.len()) && account.name.chars().all(valid),
                "{account:?}"
            );
            assert_eq!(
                STANDARD.decode(&account.key).unwrap().len(),
                64,
                "{account:?}"
            );
            assert_eq!(
                accounts
                    .iter()
                    .filter(|other| other.key == account.key)
                    .count(),
                1
            );
        }
    }

    #[test]
    fn azurite_gets_all_of_them() {
        let text = azurite_accounts();
        assert!(text.starts_with("devstoreaccount1:Eby8"), "{text}");
        assert_eq!(text.split(';').count(), storage_accounts().len());
    }

    #[test]
    fn connection_strings_point_into_the_lab() {
        let account = &storage_accounts()[1];
        let text = account.connection_string();
        assert!(text.contains("AccountName=labbackups1;"), "{text}");
        assert!(
            text.ends_with("BlobEndpoint=http://10.245.0.1:10000/labbackups1;"),
            "{text}"
        );
    }
}
