terraform {
  required_providers {
    postgres = {
      source  = "pgaks/postgres"
      version = "~> 0.1"
    }
  }
}

variable "kubeconfig" {
  description = "Path of a kubeconfig."
  type        = string
  default     = "~/.kube/config"
}

variable "storage_class" {
  description = "StorageClass of the disks."
  type        = string
}

variable "blob_endpoint" {
  description = "Address of the blobs of a storage account."
  type        = string
  default     = "https://shopordersbackups.blob.core.windows.net"
}

provider "postgres" {
  kubernetes {
    config_path = var.kubeconfig
  }
}

resource "postgres_ha_cluster" "orders" {
  name      = "orders"
  namespace = "orders"
  instances = 3
  cpu       = "2"
  memory    = "8Gi"

  # Nodes that are there already.
  node_selector = {
    workload = "postgres"
  }
  tolerations = ["workload=postgres:NoSchedule"]

  storage {
    type       = "class"
    class_name = var.storage_class
    size       = "64Gi"
  }

  high_availability {
    zone_spread = "preferred"
  }

  pooler {
    type = "rw"
  }

  # The Secret `backup-store` is in the namespace `orders`, made by whoever keeps the key.
  backup {
    storage_account {
      endpoint = var.blob_endpoint
    }
    container   = "backups"
    credential  = "connection_string"
    secret_name = "backup-store"
    secret_key  = "connection-string"
  }
}

output "host" {
  description = "Host of the pooler in front of the primary."
  value       = postgres_ha_cluster.orders.pooler_hosts["pooler-rw"]
}
