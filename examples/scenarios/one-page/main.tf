terraform {
  required_providers {
    postgres = {
      source  = "pgaks/postgres"
      version = "~> 0.1"
    }
  }
}

variable "aks_cluster_id" {
  description = "Id of an AKS cluster with the OIDC issuer and workload identity, and with CloudNativePG and its barman plugin."
  type        = string
}

variable "backup_account" {
  description = "Name for a new storage account: 3 to 24 lower-case letters and digits, unique in all of Azure."
  type        = string
}

provider "postgres" {
  azure {}
}

resource "postgres_ha_cluster" "orders" {
  name             = "orders"
  aks_cluster_id   = var.aks_cluster_id
  description      = "Orders of the shop"
  instances        = 3
  postgres_version = "17"
  cpu              = "6"
  memory           = "48Gi"
  tuning           = "oltp"

  parameters = {
    log_min_duration_statement = "500ms"
  }

  # One node in each zone, for this cluster alone.
  node_pool {
    vm_size   = "Standard_E8as_v6"
    zones     = ["1", "2", "3"]
    min_count = 3
    max_count = 6
    dedicated = true
  }

  # Premium SSD v2. The write-ahead log has a disk of its own.
  storage {
    type       = "premium_v2"
    size       = "256Gi"
    iops       = 12000
    throughput = 500

    wal {
      size       = "64Gi"
      iops       = 6000
      throughput = 300
    }
  }

  # No acknowledged commit is lost with one node or one zone.
  high_availability {
    profile              = "balanced"
    synchronous_replicas = 1
    data_durability      = "required"
    failover_quorum      = true
  }

  initdb {
    database = "orders"
    owner    = "orders"
  }

  # The primary, the standbys, and any instance.
  pooler {
    type = "rw"
  }

  pooler {
    type      = "ro"
    instances = 2
  }

  pooler {
    type      = "r"
    instances = 2
  }

  # A new storage account, reached with workload identity: there is no key and no password.
  backup {
    storage_account {
      name        = var.backup_account
      replication = "ZRS"
    }
    retention  = "30d"
    schedules  = ["0 0 2 * * *"]
    credential = "workload_identity"
  }

  deletion_protection = true
  on_destroy          = "final_backup"

  timeouts {
    create = "60m"
  }
}

output "write_host" {
  description = "Host of the pooler in front of the primary."
  value       = postgres_ha_cluster.orders.pooler_hosts["pooler-rw"]
}

output "read_host" {
  description = "Host of the pooler in front of the standbys."
  value       = postgres_ha_cluster.orders.pooler_hosts["pooler-ro"]
}

output "credentials" {
  description = "Secret with user, password and connection strings, in the namespace of the cluster."
  value       = "${postgres_ha_cluster.orders.namespace}/${postgres_ha_cluster.orders.app_secret_name}"
}
