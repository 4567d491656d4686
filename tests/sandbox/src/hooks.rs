//! What other parts of the sandbox may want to know about ARM: a node pool
//! came or went, a container was made.

use async_trait::async_trait;
use serde_json::Value;

/// A node pool as ARM knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct NodePool {
    pub cluster_id: String,
    pub name: String,
    /// The cluster's region.
    pub location: String,
    /// The pool's `properties`.
    pub properties: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Container {
    pub account: String,
    pub name: String,
}

/// Something that happened in ARM, told after its effect is visible.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    PoolReady(NodePool),
    PoolRemoved(NodePool),
    ContainerCreated(Container),
    ContainerRemoved(Container),
}

#[async_trait]
pub trait Hooks: Send + Sync {
    async fn pool_ready(&self, _pool: &NodePool) {}
    async fn pool_removed(&self, _pool: &NodePool) {}
    /// An error makes the ARM request fail.
    async fn container_created(&self, _container: &Container) -> anyhow::Result<()> {
        Ok(())
    }
    async fn container_removed(&self, _container: &Container) {}
}

/// Tells every hook every event, in order.
pub async fn dispatch(
    hooks: &[std::sync::Arc<dyn Hooks>],
    events: Vec<Event>,
) -> anyhow::Result<()> {
    for event in &events {
        for hook in hooks {
            match event {
                Event::PoolReady(pool) => hook.pool_ready(pool).await,
                Event::PoolRemoved(pool) => hook.pool_removed(pool).await,
                Event::ContainerCreated(container) => hook.container_created(container).await?,
                Event::ContainerRemoved(container) => hook.container_removed(container).await,
            }
        }
    }
    Ok(())
}
