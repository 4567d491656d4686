//! The full configuration, as text with places to change.

use crate::support::sandbox::{NAMESPACE, Simulation};

pub const ADDRESS: &str = "postgres_ha_cluster.pg";

const RESOURCE: &str = r#"resource "postgres_ha_cluster" "pg" {
  name                = "pg"
  namespace           = "@namespace"
  aks_cluster_id      = "@aks"
  instances           = 3
  cpu                 = "2"
  memory              = "8Gi"
  description         = "orders of the shop"
  deletion_protection = false
  on_destroy          = "delete"
  labels = {
    team = "shop"
  }
  parameters = {
    log_min_duration_statement = "500"
  }
  node_pool {
    vm_size   = "Standard_E8as_v6"
    min_count = 3
    max_count = 6
    labels    = { tier = "data" }
  }
  storage {
    type       = "premium_v2"
    size       = "64Gi"
    iops       = 4000
    throughput = 200
    wal {
      size = "16Gi"
    }
  }
  high_availability {
    profile = "fast"
  }
  pooler {
    type      = "rw"
    instances = 2
  }
  pooler {
    type      = "ro"
    instances = 1
  }
  pooler {
    type      = "r"
    instances = 1
  }
  backup {
    storage_account {
      name = "ordersbackups"
    }
    container           = "backups"
    retention           = "14d"
    schedules           = ["0 0 2 * * *", "0 30 14 * * *"]
    delete_with_cluster = true
  }
  timeouts {
    create = "60s"
    update = "60s"
    delete = "60s"
  }
}
"#;

/// The page of HCL with these lines changed.
pub fn page(simulation: &Simulation, changes: &[(&str, &str)]) -> anyhow::Result<String> {
    let mut resource = RESOURCE
        .replace("@namespace", NAMESPACE)
        .replace("@aks", &simulation.aks);
    for (from, to) in changes {
        anyhow::ensure!(resource.contains(from), "the page has no `{from}`");
        resource = resource.replace(from, to);
    }
    Ok(simulation.provider() + &resource)
}
