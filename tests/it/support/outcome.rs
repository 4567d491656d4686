//! What one run of a CLI said.

use serde_json::Value;

/// A warning or an error of the provider or of the CLI.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    pub severity: String,
    pub summary: String,
    pub detail: String,
    /// The line of HCL that it points at.
    pub code: String,
}

/// The end of a run: code, diagnostics, and all that was written.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub command: String,
    pub code: Option<i32>,
    pub diagnostics: Vec<Diagnostic>,
    pub text: String,
}

impl Outcome {
    pub fn new(command: String, code: Option<i32>, stdout: &str, stderr: &str) -> Self {
        let diagnostics = stdout.lines().filter_map(diagnostic).collect();
        Self {
            command,
            code,
            diagnostics,
            text: format!("{stdout}{stderr}"),
        }
    }

    /// Fails unless the run ended with this code.
    pub fn expect(self, code: i32) -> anyhow::Result<Self> {
        anyhow::ensure!(
            self.code == Some(code),
            "`{}` ended with {:?} instead of {code}:\n{}",
            self.command,
            self.code,
            self.readable()
        );
        Ok(self)
    }

    pub fn of(&self, severity: &str) -> Vec<&Diagnostic> {
        self.diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == severity)
            .collect()
    }

    pub fn errors(&self) -> Vec<&Diagnostic> {
        self.of("error")
    }

    /// Fails unless a diagnostic of this severity holds all of these texts.
    pub fn says(&self, severity: &str, texts: &[&str]) -> anyhow::Result<()> {
        let found = self.of(severity).into_iter().any(|diagnostic| {
            let all = format!(
                "{}\n{}\n{}",
                diagnostic.summary, diagnostic.detail, diagnostic.code
            );
            texts.iter().all(|text| all.contains(text))
        });
        anyhow::ensure!(
            found,
            "no {severity} of `{}` says {texts:?}:\n{}",
            self.command,
            self.readable()
        );
        Ok(())
    }

    /// The diagnostics when there are some, otherwise all that was written.
    pub fn readable(&self) -> String {
        if self.diagnostics.is_empty() {
            return self.text.clone();
        }
        self.diagnostics
            .iter()
            .map(|d| {
                format!(
                    "{}: {}\n{}\n  at {}\n",
                    d.severity, d.summary, d.detail, d.code
                )
            })
            .collect()
    }
}

fn diagnostic(line: &str) -> Option<Diagnostic> {
    let event: Value = serde_json::from_str(line).ok()?;
    let found = event.get("diagnostic")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Some(Diagnostic {
        severity: text(&found["severity"]),
        summary: text(&found["summary"]),
        detail: text(&found["detail"]),
        code: text(&found["snippet"]["code"]),
    })
}
