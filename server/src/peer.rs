//! Who is at the other end of a connection. What a proxy says of it is believed of trusted proxies only.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::HeaderMap;
use ipnet::{IpNet, Ipv6Net};

use crate::host::Host;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Put into the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Whose limits count. An IPv6 network of 64 bits is one household, whatever address it asks from.
    pub network: IpNet,
    /// It is one of our proxies, so its other X-Forwarded-* headers are its own.
    pub is_proxy: bool,
}

pub async fn identify(State(host): State<Host>, mut request: Request, next: Next) -> Response {
    let connected = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let connected = connected.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip());
    let peer = Peer::of(connected, request.headers(), &host.proxies);
    request.extensions_mut().insert(peer);
    next.run(request).await
}

impl Peer {
    fn of(connected: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> Self {
        let trusted = |address: &IpAddr| proxies.iter().any(|net| net.contains(&address.to_canonical()));
        let is_proxy = trusted(&connected);
        let address = if is_proxy {
            // Each proxy adds whom it saw at the end: the last that is no proxy of ours is the visitor.
            let told = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
            let told: Vec<&str> = told.flat_map(|value| value.split(',')).map(str::trim).collect();
            let addresses = told.iter().rev().map_while(|text| text.parse::<IpAddr>().ok());
            addresses.clone().find(|address| !trusted(address)).or(addresses.last()).unwrap_or(connected)
        } else {
            connected
        };
        Self { network: network(address), is_proxy }
    }
}

fn network(address: IpAddr) -> IpNet {
    match address.to_canonical() {
        IpAddr::V4(address) => IpNet::from(IpAddr::V4(address)),
        IpAddr::V6(address) => Ipv6Net::new_assert(address, 64).trunc().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network_of(connected: &str, forwarded: &[&str]) -> String {
        let proxies = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        Peer::of(connected.parse().unwrap(), &headers, &proxies).network.to_string()
    }

    #[test]
    fn a_stranger_says_nothing_about_where_it_is() {
        assert_eq!(network_of("192.0.2.1", &["203.0.113.9"]), "192.0.2.1/32");
    }

    #[test]
    fn a_proxy_says_who_asked_it_and_nobody_else_does() {
        assert_eq!(network_of("10.0.0.1", &["203.0.113.9"]), "203.0.113.9/32");
        assert_eq!(network_of("10.0.0.1", &["1.1.1.1, 203.0.113.9", "10.2.2.2"]), "203.0.113.9/32");
        assert_eq!(network_of("::1", &["nonsense, 203.0.113.9"]), "203.0.113.9/32");
        assert_eq!(network_of("10.0.0.1", &[]), "10.0.0.1/32");
        assert_eq!(network_of("10.0.0.1", &["nonsense"]), "10.0.0.1/32");
        assert_eq!(network_of("::ffff:10.0.0.1", &["203.0.113.9"]), "203.0.113.9/32");
    }

    #[test]
    fn an_ipv6_network_is_one_visitor() {
        assert_eq!(network_of("2001:db8:1:2:3:4:5:6", &[]), "2001:db8:1:2::/64");
    }
}
