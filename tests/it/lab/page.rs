//! One page of HCL for the lab: small machines, everything else as in production.

use super::place::Place;

pub const ADDRESS: &str = "postgres_ha_cluster.pg";

#[derive(Clone)]
pub struct Page {
    pub instances: u8,
    pub size: &'static str,
    pub parameters: &'static [(&'static str, &'static str)],
    pub poolers: &'static [&'static str],
    pub backup: bool,
    pub on_destroy: &'static str,
}

impl Page {
    pub fn full() -> Self {
        Self {
            instances: 3,
            size: "2Gi",
            parameters: &[],
            poolers: &["rw", "ro", "r"],
            backup: true,
            on_destroy: "delete",
        }
    }

    pub fn hcl(&self, place: &Place) -> String {
        let parameters: String = self
            .parameters
            .iter()
            .map(|(name, value)| format!("    {name} = \"{value}\"\n"))
            .collect();
        let poolers: String = self
            .poolers
            .iter()
            .map(|kind| format!("  pooler {{\n    type = \"{kind}\"\n    instances = 1\n  }}\n"))
            .collect();
        format!(
            r#"provider "postgres" {{
  kubernetes {{ config_path = "{kubeconfig}" }}
}}
resource "postgres_ha_cluster" "pg" {{
  name                = "pg"
  namespace           = "{namespace}"
  instances           = {instances}
  cpu                 = "50m"
  memory              = "400Mi"
  cpu_limit           = false
  deletion_protection = false
  on_destroy          = "{on_destroy}"
  node_selector       = {{ workload = "postgres" }}
  parameters = {{
{parameters}  }}
  storage {{
    size = "{size}"
    wal {{ size = "1Gi" }}
  }}
{poolers}{backup}  timeouts {{
    create = "5m"
    update = "5m"
    delete = "5m"
  }}
}}
"#,
            kubeconfig = place.lab.kubeconfig().display(),
            namespace = place.namespace,
            instances = self.instances,
            size = self.size,
            on_destroy = self.on_destroy,
            backup = if self.backup {
                backup(place)
            } else {
                String::new()
            },
        )
    }
}

fn backup(place: &Place) -> String {
    format!(
        r#"  backup {{
    storage_account {{ endpoint = "{}" }}
    container   = "{}"
    path        = "{}"
    credential  = "connection_string"
    secret_name = "{}"
    secret_key  = "connection"
  }}
"#,
        place.account.blob_endpoint(),
        super::place::CONTAINER,
        place.namespace,
        super::place::SECRET
    )
}
