//! Rules for addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{each_text, text_is};
use crate::schema::value::Value;

pub fn url(value: &Value) -> Result<(), String> {
    let expected =
        "it must be an http or https URL such as `https://host.example/path`, without a user";
    text_is(value, expected, |text| {
        ::url::Url::parse(text).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
        })
    })
}

/// A network in CIDR notation. An address with bits after the prefix is refused, because systems disagree on what it means.
pub fn cidr(value: &Value) -> Result<(), String> {
    each_text(value, &|text| match network(text) {
        Some((address, network, prefix)) if address != network => Err(format!(
            "`{text}` has address bits after its prefix; the network is `{network}/{prefix}`."
        )),
        Some(_) => Ok(()),
        None => Err(format!(
            "`{text}` is not allowed; it must be a network in CIDR notation such as `10.0.0.0/16`."
        )),
    })
}

fn network(text: &str) -> Option<(IpAddr, IpAddr, u32)> {
    let (address, prefix) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    if !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let prefix: u32 = prefix.parse().ok()?;
    let network = match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX
                .checked_shl(32_u32.checked_sub(prefix)?)
                .unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(address) & mask))
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX
                .checked_shl(128_u32.checked_sub(prefix)?)
                .unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(address) & mask))
        }
    };
    Some((address, network, prefix))
}
