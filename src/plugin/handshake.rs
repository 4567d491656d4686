//! The start of a plugin as go-plugin's clients know it: a cookie, a listener, one line on stdout.

use std::fs::{Permissions, set_permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokio::net::{TcpListener, UnixListener};

/// Tells a plugin that it was started by a core and not by hand.
const COOKIE: (&str, &str) = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);
const PROTOCOL: u32 = 5;

/// What a core says in the environment.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    pub started_by_core: bool,
    pub speaks_our_protocol: bool,
    /// PEM of the certificate that the client will present. Absent: no TLS.
    pub client_certificate: Option<String>,
    pub socket_dir: Option<PathBuf>,
    /// Name or id of the group that may connect, beside the user.
    pub socket_group: Option<String>,
    /// Ports to choose from when there are no Unix sockets.
    pub ports: Option<(u16, u16)>,
    /// The client asks whether we multiplex.
    pub multiplex: bool,
}

impl Environment {
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Self {
        let port = |name| get(name).and_then(|text| text.parse().ok());
        let filled = |name| get(name).filter(|text| !text.is_empty());
        let versions = get("PLUGIN_PROTOCOL_VERSIONS").unwrap_or_else(|| PROTOCOL.to_string());
        Environment {
            started_by_core: get(COOKIE.0).as_deref() == Some(COOKIE.1),
            speaks_our_protocol: versions
                .split(',')
                .any(|version| version.trim() == PROTOCOL.to_string()),
            client_certificate: filled("PLUGIN_CLIENT_CERT"),
            socket_dir: filled("PLUGIN_UNIX_SOCKET_DIR").map(PathBuf::from),
            socket_group: filled("PLUGIN_UNIX_SOCKET_GROUP"),
            ports: port("PLUGIN_MIN_PORT").zip(port("PLUGIN_MAX_PORT")),
            multiplex: get("PLUGIN_MULTIPLEX_GRPC").is_some(),
        }
    }
}

/// Where the plugin listens.
pub enum Listener {
    Unix {
        listener: UnixListener,
        path: SocketFile,
    },
    Tcp(TcpListener),
}

/// The file of a Unix socket, which does not go away by itself.
pub struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Listener {
    pub fn unix(path: PathBuf) -> std::io::Result<Self> {
        Ok(Listener::Unix {
            listener: UnixListener::bind(&path)?,
            path: SocketFile(path),
        })
    }

    /// A Unix socket, or TCP on loopback where none can be made.
    pub async fn bind(environment: &Environment) -> std::io::Result<Self> {
        let dir = environment
            .socket_dir
            .clone()
            .unwrap_or_else(std::env::temp_dir);
        // Not the process id: containers that share a directory have the same ones.
        let name = format!("tpp{}", uuid::Uuid::new_v4().simple());
        let path = dir.join(&name[..16]);
        match Self::unix(path.clone()) {
            Ok(listener) => {
                match &environment.socket_group {
                    Some(group) => open_to(group, &path)?,
                    None => set_permissions(&path, Permissions::from_mode(0o600))?,
                }
                Ok(listener)
            }
            Err(error) => {
                tracing::debug!(%error, "no Unix socket, listening on TCP");
                Self::bind_tcp(environment).await
            }
        }
    }

    async fn bind_tcp(environment: &Environment) -> std::io::Result<Self> {
        let (low, high) = environment.ports.unwrap_or((0, 0));
        let mut last = std::io::Error::from(std::io::ErrorKind::AddrNotAvailable);
        for port in low..=high {
            match TcpListener::bind(("127.0.0.1", port)).await {
                Ok(listener) => return Ok(Listener::Tcp(listener)),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    pub fn network(&self) -> &'static str {
        match self {
            Listener::Unix { .. } => "unix",
            Listener::Tcp(_) => "tcp",
        }
    }

    pub fn address(&self) -> String {
        match self {
            Listener::Unix { path, .. } => path.0.display().to_string(),
            Listener::Tcp(listener) => listener
                .local_addr()
                .map(|address| address.to_string())
                .unwrap_or_default(),
        }
    }
}

/// Lets the members of `group` connect.
fn open_to(group: &str, path: &Path) -> std::io::Result<()> {
    let id = match group.parse() {
        Ok(id) => id,
        Err(_) => group_id(&std::fs::read_to_string("/etc/group")?, group).ok_or_else(|| {
            std::io::Error::other(format!(
                "there is no group `{group}` for PLUGIN_UNIX_SOCKET_GROUP in /etc/group"
            ))
        })?,
    };
    chown(path, None, Some(id))?;
    set_permissions(path, Permissions::from_mode(0o660))
}

/// Finds a group in the text of a group file, whose lines are `name:password:id:members`.
fn group_id(groups: &str, name: &str) -> Option<u32> {
    let mut lines = groups.lines().map(|line| line.split(':'));
    let mut found = lines.find_map(|mut parts| (parts.next() == Some(name)).then_some(parts))?;
    found.nth(1)?.parse().ok()
}

/// The one line that a core reads from stdout.
pub fn line(listener: &Listener, certificate: Option<&[u8]>, multiplex: bool) -> String {
    let certificate = certificate
        .map(|der| STANDARD_NO_PAD.encode(der))
        .unwrap_or_default();
    let multiplex = if multiplex { "|false" } else { "" };
    format!(
        "1|{PROTOCOL}|{}|{}|grpc|{certificate}{multiplex}\n",
        listener.network(),
        listener.address()
    )
}

/// stdout belongs to this line and to nothing else.
pub fn announce(line: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(line.as_bytes())?;
    stdout.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_cookie_counts() {
        let with = |cookie: &str| {
            let cookie = cookie.to_owned();
            Environment::read(&move |name| (name == COOKIE.0).then(|| cookie.clone()))
                .started_by_core
        };
        assert!(with(COOKIE.1));
        assert!(!with("something else"));
        assert!(!Environment::read(&|_| None).started_by_core);
    }

    #[test]
    fn the_highest_common_protocol_is_ours_or_none() {
        let speaks = |versions: &str| {
            let versions = versions.to_owned();
            Environment::read(&move |name| {
                (name == "PLUGIN_PROTOCOL_VERSIONS").then(|| versions.clone())
            })
            .speaks_our_protocol
        };
        assert!(speaks("5,6"));
        assert!(speaks("6,5"));
        assert!(!speaks("6"));
    }

    #[test]
    fn a_group_is_found_by_its_name() {
        let groups = "root:x:0:\nstaff:x:50:ann,bob\nbroken\n";
        assert_eq!(group_id(groups, "staff"), Some(50));
        assert_eq!(group_id(groups, "broken"), None);
        assert_eq!(group_id(groups, "sta"), None);
    }

    #[tokio::test]
    async fn the_line_names_the_socket_and_the_certificate() {
        let dir = tempfile::tempdir().unwrap();
        let environment = Environment {
            socket_dir: Some(dir.path().to_owned()),
            ..Environment::default()
        };
        let listener = Listener::bind(&environment).await.unwrap();
        let text = line(&listener, Some(&[0xff; 4]), false);
        let fields: Vec<&str> = text.trim_end().split('|').collect();
        assert_eq!(
            (fields[0], fields[1], fields[2], fields[4], fields[5]),
            ("1", "5", "unix", "grpc", "/////w")
        );
        assert!(std::path::Path::new(fields[3]).exists());
    }
}
