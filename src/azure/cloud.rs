//! Addresses of the Azure clouds.

use super::{Error, Settings};
use serde_json::Value;
use url::Url;

/// Version of the document in which a cloud describes itself.
pub(super) const METADATA_PATH: &str = "/metadata/endpoints?api-version=2022-09-01";

/// Where ARM and its token service are.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cloud {
    pub endpoint: Url,
    pub authority: String,
    pub audience: String,
    /// Audience of tokens for PostgreSQL servers.
    pub postgres_audience: String,
}

struct Known {
    names: &'static [&'static str],
    endpoint: &'static str,
    authority: &'static str,
    postgres: &'static str,
}

const PUBLIC: Known = Known {
    names: &["public", "azurecloud", "azurepubliccloud"],
    endpoint: "https://management.azure.com",
    authority: "https://login.microsoftonline.com",
    postgres: "https://ossrdbms-aad.database.windows.net",
};

const CLOUDS: [Known; 3] = [
    PUBLIC,
    Known {
        names: &[
            "usgovernment",
            "azureusgovernment",
            "azureusgovernmentcloud",
        ],
        endpoint: "https://management.usgovcloudapi.net",
        authority: "https://login.microsoftonline.us",
        postgres: "https://ossrdbms-aad.database.usgovcloudapi.net",
    },
    Known {
        names: &["china", "azurechinacloud"],
        endpoint: "https://management.chinacloudapi.cn",
        authority: "https://login.chinacloudapi.cn",
        postgres: "https://ossrdbms-aad.database.chinacloudapi.cn",
    },
];

/// How the cloud is to be found.
#[derive(Debug, PartialEq)]
pub(super) enum Plan {
    Known(Cloud),
    /// Ask this address for the cloud's description.
    Discover(Url),
}

/// Finds the cloud that the settings name; every explicit address wins over the named cloud's.
pub(super) fn plan(settings: &Settings) -> Result<Plan, Error> {
    let explicit =
        settings.resource_manager_endpoint.is_some() && settings.authority_host.is_some();
    if let (Some(host), false) = (&settings.metadata_host, explicit) {
        let address = if host.contains("://") {
            host.clone()
        } else {
            format!("https://{host}")
        };
        let base = https("metadata_host", &address)?;
        return base
            .join(METADATA_PATH)
            .map(Plan::Discover)
            .map_err(|error| {
                Error::configuration(format!("`metadata_host` `{host}` is not a host: {error}"))
            });
    }
    let known = named(settings.environment.as_deref())?;
    let endpoint = settings
        .resource_manager_endpoint
        .as_deref()
        .or(known.map(|k| k.endpoint));
    let authority = settings
        .authority_host
        .as_deref()
        .or(known.map(|k| k.authority));
    let (Some(endpoint), Some(authority)) = (endpoint, authority) else {
        return Err(Error::configuration(
            "the `custom` environment needs `metadata_host`, or `resource_manager_endpoint` and `authority_host`",
        ));
    };
    build(
        settings,
        endpoint,
        authority,
        settings.audience.as_deref(),
        known.unwrap_or(&PUBLIC),
    )
    .map(Plan::Known)
}

fn named(environment: Option<&str>) -> Result<Option<&'static Known>, Error> {
    let Some(environment) = environment else {
        return Ok(Some(&CLOUDS[0]));
    };
    let name = environment.to_lowercase();
    if name == "custom" {
        return Ok(None);
    }
    CLOUDS.iter().find(|cloud| cloud.names.contains(&name.as_str())).map(Some).ok_or_else(|| {
        Error::configuration(format!(
            "`environment` `{environment}` is unknown: use `public`, `usgovernment`, `china` or `custom`"
        ))
    })
}

fn build(
    settings: &Settings,
    endpoint: &str,
    authority: &str,
    audience: Option<&str>,
    known: &Known,
) -> Result<Cloud, Error> {
    let endpoint = https("resource_manager_endpoint", endpoint)?;
    https("authority_host", authority)?;
    let audience = settings
        .audience
        .as_deref()
        .or(audience)
        .unwrap_or(endpoint.as_str());
    Ok(Cloud {
        audience: audience.trim_end_matches('/').to_owned(),
        authority: authority.trim_end_matches('/').to_owned(),
        postgres_audience: known.postgres.to_owned(),
        endpoint,
    })
}

fn https(name: &str, address: &str) -> Result<Url, Error> {
    let url = Url::parse(address).map_err(|error| {
        Error::configuration(format!("`{name}` `{address}` is not an address: {error}"))
    })?;
    if url.scheme() != "https" {
        return Err(Error::configuration(format!(
            "`{name}` `{address}` must start with `https://`: tokens are sent there"
        )));
    }
    Ok(url)
}

/// Reads a cloud from its own description: a list of clouds, or one.
pub(super) fn described(settings: &Settings, host: &str, document: &Value) -> Result<Cloud, Error> {
    let none = Vec::new();
    let clouds = match document {
        Value::Array(clouds) => clouds,
        _ => &none,
    };
    let wanted = settings.environment.as_deref().unwrap_or_default();
    let by_name = clouds.iter().find(|cloud| {
        cloud["name"]
            .as_str()
            .is_some_and(|name| name.eq_ignore_ascii_case(wanted))
    });
    let by_host = || {
        clouds.iter().find(|cloud| {
            cloud["resourceManager"]
                .as_str()
                .is_some_and(|address| address.contains(host))
        })
    };
    let cloud = by_name
        .or_else(by_host)
        .or(clouds.first())
        .unwrap_or(document);
    let incomplete = |what: &str| {
        Error::configuration(format!("the metadata of `{host}` does not name its {what}"))
    };
    let endpoint = settings
        .resource_manager_endpoint
        .as_deref()
        .or(cloud["resourceManager"].as_str())
        .ok_or_else(|| incomplete("resource manager"))?;
    let authority = settings
        .authority_host
        .as_deref()
        .or(cloud["authentication"]["loginEndpoint"].as_str())
        .ok_or_else(|| incomplete("login endpoint"))?;
    let audience = cloud["authentication"]["audiences"][0].as_str();
    let known = CLOUDS
        .iter()
        .find(|known| endpoint.starts_with(known.endpoint));
    build(
        settings,
        endpoint,
        authority,
        audience,
        known.unwrap_or(&PUBLIC),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn known(settings: &Settings) -> Cloud {
        match plan(settings).unwrap() {
            Plan::Known(cloud) => cloud,
            Plan::Discover(url) => panic!("would ask {url}"),
        }
    }

    fn environment(name: &str) -> Settings {
        Settings {
            environment: Some(name.into()),
            ..Settings::default()
        }
    }

    #[test]
    fn each_named_cloud_has_its_addresses() {
        let cases = [
            (
                "public",
                "https://management.azure.com",
                "https://login.microsoftonline.com",
            ),
            (
                "USGovernment",
                "https://management.usgovcloudapi.net",
                "https://login.microsoftonline.us",
            ),
            (
                "china",
                "https://management.chinacloudapi.cn",
                "https://login.chinacloudapi.cn",
            ),
        ];
        for (name, endpoint, authority) in cases {
            let cloud = known(&environment(name));
            assert_eq!(cloud.endpoint.as_str(), format!("{endpoint}/"));
            assert_eq!(
                (cloud.authority.as_str(), cloud.audience.as_str()),
                (authority, endpoint)
            );
        }
        assert_eq!(known(&Settings::default()), known(&environment("public")));
    }

    #[test]
    fn the_authority_of_a_pod_leaves_the_rest_of_the_cloud_alone() {
        let settings = Settings {
            authority_host: Some("https://login.microsoftonline.com/".into()),
            ..Settings::default()
        };
        assert_eq!(known(&settings), known(&Settings::default()));
    }

    #[test]
    fn a_custom_cloud_is_named_by_its_addresses() {
        let settings = Settings {
            resource_manager_endpoint: Some("https://arm.local:8443/".into()),
            authority_host: Some("https://login.local".into()),
            audience: Some("https://audience.local/".into()),
            ..environment("custom")
        };
        let cloud = known(&settings);
        assert_eq!(cloud.endpoint.as_str(), "https://arm.local:8443/");
        assert_eq!(cloud.audience, "https://audience.local");
    }

    #[test]
    fn wrong_settings_are_told_by_name() {
        let plain = Settings {
            resource_manager_endpoint: Some("http://arm.local".into()),
            ..Settings::default()
        };
        for (settings, word) in [
            (environment("moon"), "`environment` `moon`"),
            (environment("custom"), "`metadata_host`"),
            (plain, "`https://`"),
        ] {
            let error = plan(&settings).unwrap_err();
            assert!(error.message.contains(word), "{error}");
        }
    }

    #[test]
    fn a_cloud_describes_itself() {
        let settings = Settings {
            metadata_host: Some("arm.local".into()),
            ..environment("custom")
        };
        let Plan::Discover(url) = plan(&settings).unwrap() else {
            panic!("not asked")
        };
        assert_eq!(url.as_str(), format!("https://arm.local{METADATA_PATH}"));
        let document = json!([
            {"name": "Other", "resourceManager": "https://other.local"},
            {"name": "Local", "resourceManager": "https://arm.local",
             "authentication": {"loginEndpoint": "https://login.local/", "audiences": ["https://aud.local/"]}},
        ]);
        let cloud = described(&settings, "arm.local", &document).unwrap();
        assert_eq!(cloud.authority, "https://login.local");
        assert_eq!(cloud.audience, "https://aud.local");
        let error = described(&settings, "arm.local", &json!([])).unwrap_err();
        assert!(error.message.contains("resource manager"), "{error}");
    }
}
