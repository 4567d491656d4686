//! Whether a proxy is used for a host: `HTTPS_PROXY` and `NO_PROXY` as other tools read them.

use std::net::IpAddr;

/// The proxy to use for `host`, if any.
pub(super) fn proxy_for<'a>(
    host: &str,
    proxy_url: Option<&'a str>,
    no_proxy: Option<&str>,
) -> Option<&'a str> {
    let proxy = proxy_url.filter(|url| !url.is_empty())?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let excluded = is_loopback(host)
        || no_proxy
            .unwrap_or_default()
            .split([',', ' '])
            .filter(|entry| !entry.is_empty())
            .any(|entry| matches(host, entry));
    (!excluded).then_some(proxy)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn matches(host: &str, entry: &str) -> bool {
    if entry == "*" {
        return true;
    }
    if let (Ok(address), Some((network, bits))) = (host.parse::<IpAddr>(), entry.split_once('/')) {
        return in_network(address, network, bits).unwrap_or(false);
    }
    let domain = entry.trim_start_matches('*').trim_start_matches('.');
    host == domain
        || host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.'))
}

fn in_network(address: IpAddr, network: &str, bits: &str) -> Option<bool> {
    let bits: u32 = bits.parse().ok()?;
    match (address, network.parse().ok()?) {
        (IpAddr::V4(address), IpAddr::V4(network)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            Some(u32::from(address) & mask == u32::from(network) & mask)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            Some(u128::from(address) & mask == u128::from(network) & mask)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(host: &str, no_proxy: &str) -> bool {
        proxy_for(host, Some("http://proxy:3128"), Some(no_proxy)).is_some()
    }

    #[test]
    fn hosts_named_in_no_proxy_are_reached_directly() {
        assert!(used("aks.westeurope.azmk8s.io", ""));
        assert!(!used("aks.westeurope.azmk8s.io", "internal,.azmk8s.io"));
        assert!(!used("aks.westeurope.azmk8s.io", "*.azmk8s.io"));
        assert!(used("evilazmk8s.io", "azmk8s.io"));
        assert!(!used("anything", "*"));
        assert!(!used("10.1.2.3", "10.0.0.0/8"));
        assert!(used("11.1.2.3", "10.0.0.0/8"));
        assert!(!used("fd00::1", "fd00::/8"));
    }

    #[test]
    fn loopback_never_goes_through_a_proxy() {
        assert!(!used("127.0.0.1", "") && !used("localhost", "") && !used("[::1]", ""));
        assert_eq!(proxy_for("h", None, None), None);
    }
}
