// Checks recorded ARM traffic (JSON lines, see src/log.rs) against the OpenAPI
// files in ARM_OPENAPI_DIR. Usage: node validate.mjs LOG...
// Exits with 1 when any pair is wrong or when nothing was checked.

import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import oav from "oav";

const directory = process.env.ARM_OPENAPI_DIR;
const logs = process.argv.slice(2);
if (!directory || logs.length === 0) {
  console.error("usage: ARM_OPENAPI_DIR=<directory> node validate.mjs LOG...");
  process.exit(2);
}

// Not in the OpenAPI files: polling addresses, the cloud's metadata, VM sizes,
// the subscription itself. Registration is described, but oav looks for it in
// the files of the namespace that the path names.
const UNDESCRIBED = [
  /^\/subscriptions\/[^/]+\/providers(\/[^/]+(\/register)?)?$/i,
  /\/(operations|operationresults|asyncoperations)\/[^/]+$/i,
  /^\/metadata\//i,
  /\/providers\/Microsoft\.Compute\/skus$/i,
  /^\/subscriptions\/[^/]+$/i,
];

// Provider -> the api-version that the files describe.
const described = new Map();
for (const provider of readdirSync(directory)) {
  if (!provider.startsWith("Microsoft.")) continue;
  const versions = readdirSync(path.join(directory, provider)).filter((v) => /^\d{4}-/.test(v)).sort();
  if (versions.length > 0) described.set(provider.toLowerCase(), versions);
}

// The provider that answers: the last one named in the path.
function providerOf(pathname) {
  const found = [...pathname.matchAll(/\/providers\/([^/]+)/gi)].pop();
  const registration = /^\/subscriptions\/[^/]+\/providers(\/[^/]+(\/register)?)?$/i.test(pathname);
  return found && !registration ? found[1].toLowerCase() : "microsoft.resources";
}

function version(pathname, given) {
  const versions = described.get(providerOf(pathname)) ?? [];
  return versions.includes(given) ? given : (versions.at(-1) ?? given);
}

function pair(entry) {
  const url = new URL(entry.url, "https://management.azure.com");
  const mapped = version(url.pathname, url.searchParams.get("api-version"));
  url.searchParams.set("api-version", mapped);
  return {
    liveRequest: {
      method: entry.method,
      url: url.pathname + url.search,
      query: Object.fromEntries(url.searchParams),
      headers: entry.request_headers,
      body: entry.request_body ?? undefined,
    },
    liveResponse: {
      statusCode: String(entry.status),
      headers: entry.response_headers,
      body: entry.response_body ?? undefined,
    },
  };
}

const validator = new oav.LiveValidator({
  directory,
  swaggerPathsPattern: ["/Microsoft.*/*/*.json"],
  isPathCaseSensitive: false,
  loadValidatorInBackground: false,
});
await validator.initialize();

// Where the real services are known to leave their own description. Each kind
// is counted and printed; everything else is an error.
const DEVIATIONS = {
  // ARM may add systemData to any resource, also where a file does not say so.
  systemData: (entry, error) =>
    error.code === "OBJECT_ADDITIONAL_PROPERTIES" && / systemData$/.test(error.message) && entry.status < 400,
  // AKS sends errors without the "error" wrapper.
  unwrappedError: (entry, error) =>
    error.code === "OBJECT_ADDITIONAL_PROPERTIES" && entry.status >= 400 &&
    providerOf(entry.url.split("?")[0]) === "microsoft.containerservice" &&
    / (code|message|details|subcode|target)$/.test(error.message),
  // The storage files describe no errors at all.
  undescribedError: (entry, error) =>
    error.code === "INVALID_RESPONSE_CODE" && entry.status >= 400 &&
    providerOf(entry.url.split("?")[0]) === "microsoft.storage",
};

const counts = { validated: 0, undescribed: 0, injected: 0, unanswered: 0, refusedRequests: 0 };
const deviations = {};
const problems = [];
for (const file of logs) {
  for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
    const entry = JSON.parse(line);
    if (entry.service !== "arm") continue;
    const pathname = entry.url.split("?")[0];
    if (entry.status === null) counts.unanswered += 1;
    else if (entry.injected) counts.injected += 1;
    else if (UNDESCRIBED.some((p) => p.test(pathname))) counts.undescribed += 1;
    else await check(entry, file);
  }
}

// A request that was refused may well be wrong; its answer may not.
async function check(entry, file) {
  const result = await validator.validateLiveRequestResponse(pair(entry));
  const refused = entry.status >= 400;
  const request = result.requestValidationResult;
  const response = result.responseValidationResult;
  if (refused && (!request.isSuccessful || request.runtimeException)) {
    counts.refusedRequests += 1;
    return;
  }
  counts.validated += 1;
  for (const [part, found] of [["request", request], ["response", response]]) {
    const errors = [...(found.errors ?? [])];
    if (found.runtimeException) errors.push(found.runtimeException);
    for (const error of errors) {
      const known = Object.keys(DEVIATIONS).find((name) => part === "response" && DEVIATIONS[name](entry, error));
      if (known) {
        deviations[known] = (deviations[known] ?? 0) + 1;
        continue;
      }
      problems.push({ file: path.basename(file), call: `${entry.method} ${entry.url} -> ${entry.status}`, part, code: error.code, message: error.message, at: error.pathsInPayload });
    }
  }
}

for (const problem of problems) console.error(JSON.stringify(problem));
console.log(JSON.stringify({ ...counts, deviations, errors: problems.length }));
process.exit(problems.length > 0 || counts.validated === 0 ? 1 : 0);
