terraform {
  required_providers {
    postgres = {
      source  = "pgaks/postgres"
      version = "~> 0.1"
    }
  }
}

# Azure: without further settings the workload identity, the managed identity, the Azure CLI and azd are tried in this order.
# `ARM_SUBSCRIPTION_ID` and the other ARM_* variables take the place of the attributes.
provider "postgres" {
  azure {
    subscription_id = "00000000-0000-0000-0000-000000000000"
    tenant_id       = "00000000-0000-0000-0000-000000000000"
  }

  tags = {
    cost-center = "databases"
  }

  labels = {
    team = "orders"
  }
}

# A Kubernetes cluster that is reached by a kubeconfig, without asking Azure.
provider "postgres" {
  alias = "on_premises"

  kubernetes {
    config_path    = "~/.kube/config"
    config_context = "production"
  }
}
