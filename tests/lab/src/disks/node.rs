//! The node plugin: one socket per node, on which kubelet registers it and asks it to mount volumes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::mount::{UnmountFlags, mount_bind, unmount};
use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

use super::{DRIVER, directory};
use crate::cluster::config::zone;
use crate::paths::{NODES, Paths, text};
use csi::identity_server::{Identity, IdentityServer};
use csi::node_server::{Node, NodeServer};
use registration::registration_server::{Registration, RegistrationServer};

#[allow(clippy::all, clippy::pedantic, missing_docs)]
mod csi {
    tonic::include_proto!("csi.v1");
}
#[allow(clippy::all, clippy::pedantic, missing_docs)]
mod registration {
    tonic::include_proto!("pluginregistration");
}

/// Serves all nodes until one of them fails.
pub async fn serve(paths: &Paths) -> Result<()> {
    let mut servers = tokio::task::JoinSet::new();
    for node in 1..=NODES {
        let socket = socket(paths, node);
        if let Some(parent) = socket.parent() {
            fs::create_dir_all(parent)?;
        }
        let _ = fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket)
            .with_context(|| format!("cannot listen on `{}`", socket.display()))?;
        let plugin = Plugin {
            paths: paths.clone(),
            node,
            endpoint: text(&socket),
        };
        let server = Server::builder()
            .add_service(RegistrationServer::new(plugin.clone()))
            .add_service(IdentityServer::new(plugin.clone()))
            .add_service(NodeServer::new(plugin));
        servers.spawn(server.serve_with_incoming(UnixListenerStream::new(listener)));
    }
    while let Some(ended) = servers.join_next().await {
        ended??;
    }
    Ok(())
}

/// Where kubelet looks for plugins. It sends the escaped path as authority of its calls, and the HTTP library refuses
/// escapes in an authority, except before an `@`: hence the one in the name.
fn socket(paths: &Paths, node: u8) -> PathBuf {
    let name = DRIVER.replacen('.', "@", 1);
    paths
        .node(node)
        .join("kubelet/plugins_registry")
        .join(format!("{name}.sock"))
}

#[derive(Clone)]
struct Plugin {
    paths: Paths,
    node: u8,
    endpoint: String,
}

#[tonic::async_trait]
impl Registration for Plugin {
    async fn get_info(
        &self,
        _: Request<registration::InfoRequest>,
    ) -> Result<Response<registration::PluginInfo>, Status> {
        Ok(Response::new(registration::PluginInfo {
            r#type: "CSIPlugin".into(),
            name: DRIVER.into(),
            endpoint: self.endpoint.clone(),
            supported_versions: vec!["1.0.0".into()],
        }))
    }

    async fn notify_registration_status(
        &self,
        request: Request<registration::RegistrationStatus>,
    ) -> Result<Response<registration::RegistrationStatusResponse>, Status> {
        let status = request.into_inner();
        if !status.plugin_registered {
            crate::progress::say(format!(
                "kubelet of node{} refused the plugin: {}",
                self.node, status.error
            ));
        }
        Ok(Response::new(registration::RegistrationStatusResponse {}))
    }
}

#[tonic::async_trait]
impl Identity for Plugin {
    async fn get_plugin_info(
        &self,
        _: Request<csi::GetPluginInfoRequest>,
    ) -> Result<Response<csi::GetPluginInfoResponse>, Status> {
        let version = env!("CARGO_PKG_VERSION").into();
        Ok(Response::new(csi::GetPluginInfoResponse {
            name: DRIVER.into(),
            vendor_version: version,
        }))
    }

    async fn get_plugin_capabilities(
        &self,
        _: Request<csi::GetPluginCapabilitiesRequest>,
    ) -> Result<Response<csi::GetPluginCapabilitiesResponse>, Status> {
        Ok(Response::new(csi::GetPluginCapabilitiesResponse {}))
    }

    async fn probe(
        &self,
        _: Request<csi::ProbeRequest>,
    ) -> Result<Response<csi::ProbeResponse>, Status> {
        Ok(Response::new(csi::ProbeResponse {}))
    }
}

#[tonic::async_trait]
impl Node for Plugin {
    async fn node_publish_volume(
        &self,
        request: Request<csi::NodePublishVolumeRequest>,
    ) -> Result<Response<csi::NodePublishVolumeResponse>, Status> {
        let request = request.into_inner();
        let volume = directory(&self.paths, &request.volume_id)
            .map_err(|error| Status::invalid_argument(error.to_string()))?;
        if !volume.is_dir() {
            return Err(Status::not_found(format!(
                "there is no disk `{}`",
                request.volume_id
            )));
        }
        publish(&volume, Path::new(&request.target_path))
            .map_err(|error| Status::internal(format!("{error:#}")))?;
        Ok(Response::new(csi::NodePublishVolumeResponse {}))
    }

    async fn node_unpublish_volume(
        &self,
        request: Request<csi::NodeUnpublishVolumeRequest>,
    ) -> Result<Response<csi::NodeUnpublishVolumeResponse>, Status> {
        let target = request.into_inner().target_path;
        unpublish(Path::new(&target)).map_err(|error| Status::internal(format!("{error:#}")))?;
        Ok(Response::new(csi::NodeUnpublishVolumeResponse {}))
    }

    async fn node_get_capabilities(
        &self,
        _: Request<csi::NodeGetCapabilitiesRequest>,
    ) -> Result<Response<csi::NodeGetCapabilitiesResponse>, Status> {
        Ok(Response::new(csi::NodeGetCapabilitiesResponse {}))
    }

    async fn node_get_info(
        &self,
        _: Request<csi::NodeGetInfoRequest>,
    ) -> Result<Response<csi::NodeGetInfoResponse>, Status> {
        let keys = [
            "topology.kubernetes.io/zone",
            "topology.disk.csi.azure.com/zone",
        ];
        let segments = keys
            .iter()
            .map(|key| (key.to_string(), zone(self.node)))
            .collect();
        Ok(Response::new(csi::NodeGetInfoResponse {
            node_id: format!("node{}", self.node),
            max_volumes_per_node: 64,
            accessible_topology: Some(csi::Topology { segments }),
        }))
    }
}

/// Mounts the volume's directory where kubelet wants it; a repeated call finds it there.
fn publish(volume: &Path, target: &Path) -> Result<()> {
    if is_mounted(target)? {
        return Ok(());
    }
    fs::create_dir_all(target)?;
    mount_bind(volume, target).with_context(|| {
        format!(
            "cannot mount `{}` on `{}`",
            volume.display(),
            target.display()
        )
    })
}

fn unpublish(target: &Path) -> Result<()> {
    while is_mounted(target)? {
        unmount(target, UnmountFlags::DETACH)
            .with_context(|| format!("cannot unmount `{}`", target.display()))?;
    }
    match fs::remove_dir(target) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn is_mounted(target: &Path) -> Result<bool> {
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    Ok(mounts.lines().any(|line| {
        line.split(' ')
            .nth(1)
            .is_some_and(|place| Path::new(place) == target)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_socket_is_an_authority_when_escaped() {
        let paths = Paths {
            cache: "/c".into(),
            root: "/var/lib/lab".into(),
            run: "/r".into(),
        };
        let authority = text(socket(&paths, 1)).replace('/', "%2F");
        assert!(
            authority
                .parse::<tonic::codegen::http::uri::Authority>()
                .is_ok(),
            "{authority}"
        );
    }
}
