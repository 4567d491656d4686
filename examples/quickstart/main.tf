# A highly available PostgreSQL on an existing AKS cluster: node pool, disks, three instances in three zones, a pooler,
# and backups to a storage account that is made for them and opened by a managed identity, without any secret.

terraform {
  required_providers {
    postgres = {
      source = "pgaks/postgres"
    }
  }
}

# Who and where comes from azurerm's ARM_* variables.
provider "postgres" {
  labels = { team = "shop" }
  tags   = { team = "shop" }
}

variable "aks_cluster_id" {
  type = string
}

resource "postgres_ha_cluster" "orders" {
  name           = "orders"
  namespace      = "shop"
  aks_cluster_id = var.aks_cluster_id
  cpu            = "2"
  memory         = "8Gi"

  # For a database that lives for two minutes.
  deletion_protection = false
  on_destroy          = "delete"

  node_pool {
    vm_size = "Standard_E8as_v6"
  }

  storage {
    size = "64Gi"
    wal {
      size = "16Gi"
    }
  }

  pooler {
    type = "rw"
  }

  backup {
    storage_account {
      name = "ordersbackups"
    }
    retention           = "14d"
    delete_with_cluster = true
  }
}

output "host" {
  value = postgres_ha_cluster.orders.pooler_hosts["pooler-rw"]
}

output "secret" {
  value = postgres_ha_cluster.orders.app_secret_name
}
