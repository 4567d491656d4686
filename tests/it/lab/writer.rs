//! An application: commits numbered rows through the pooler and writes down each number that was acknowledged.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use super::place::Place;
use crate::support::wait;

const IMAGE: &str = "ghcr.io/cloudnative-pg/postgresql:17-standard-trixie";
/// A row that was not acknowledged may be there or not; its number is not used again.
const LOOP: &str = r#"
n=0
while true; do
  n=$((n + 1))
  if timeout 5 psql -qAtX -c "insert into written (phase, n) values ('$PHASE', $n)" 2>/dev/null; then
    echo "$n" >> /tmp/acknowledged
  else
    sleep 0.2
  fi
done
"#;

pub struct Writer<'p> {
    place: &'p Place,
    phase: String,
}

impl<'p> Writer<'p> {
    /// Starts to write, not on the node that is about to fail.
    pub fn start(place: &'p Place, phase: &str, not_on: u8) -> anyhow::Result<Self> {
        let secret = |name: &str, key: &str| json!({"name": name, "valueFrom": {"secretKeyRef": {"name": "pg-app", "key": key}}});
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("writer-{phase}"), "namespace": place.namespace},
            "spec": {
                "nodeName": format!("node{}", not_on % 3 + 1),
                "restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
                "containers": [{
                    "name": "writer", "image": IMAGE, "imagePullPolicy": "Never",
                    "command": ["bash", "-c", LOOP],
                    "env": [
                        secret("PGUSER", "username"), secret("PGPASSWORD", "password"), secret("PGDATABASE", "dbname"),
                        {"name": "PGHOST", "value": format!("pg-pooler-rw.{}.svc", place.namespace)},
                        {"name": "PGCONNECT_TIMEOUT", "value": "3"}, {"name": "PHASE", "value": phase},
                    ],
                }],
            },
        });
        place.lab.apply(&pod.to_string())?;
        Ok(Self {
            place,
            phase: phase.to_owned(),
        })
    }

    /// Read from a file of the pod: what kubelet keeps of its output can be cut off.
    pub fn acknowledged(&self) -> anyhow::Result<BTreeSet<u64>> {
        let pod = format!("writer-{}", self.phase);
        let log = self
            .place
            .kubectl(&["exec", &pod, "--", "cat", "/tmp/acknowledged"])?;
        Ok(log
            .lines()
            .filter_map(|number| number.parse().ok())
            .collect())
    }

    /// Waits until that many more rows were acknowledged than now.
    pub fn writes(&self, more: usize) -> anyhow::Result<()> {
        let before = self.acknowledged().map(|rows| rows.len()).unwrap_or(0);
        wait::until("the writer gets on", Duration::from_secs(120), || {
            let now = self.acknowledged()?.len();
            anyhow::ensure!(now >= before + more, "{now} rows, {before} before");
            Ok(Some(()))
        })
    }

    /// Ends the writer and compares: every acknowledged row must be there. Returns how many there are.
    pub fn nothing_lost(self) -> anyhow::Result<usize> {
        let acknowledged = self.acknowledged()?;
        let pod = format!("writer-{}", self.phase);
        self.place.kubectl(&["delete", "pod", &pod, "--now"])?;
        let rows = self.place.sql(&format!(
            "select n from written where phase = '{}'",
            self.phase
        ))?;
        let there: BTreeSet<u64> = rows.lines().filter_map(|n| n.parse().ok()).collect();
        anyhow::ensure!(!acknowledged.is_empty(), "nothing was written");
        let lost: Vec<&u64> = acknowledged.difference(&there).collect();
        anyhow::ensure!(
            lost.is_empty(),
            "phase {}: of {} acknowledged rows these are lost: {lost:?}",
            self.phase,
            acknowledged.len()
        );
        Ok(acknowledged.len())
    }
}
