// What js-yaml says of every file of a folder: one JSON object, the file's name as key.
const { readFileSync, readdirSync } = require("node:fs");
const { join } = require("node:path");
const { load } = require("js-yaml");

const folder = process.argv[2];
const verdicts = {};
for (const name of readdirSync(folder)) {
  try {
    const value = load(readFileSync(join(folder, name), "utf8"));
    const kind = Array.isArray(value) ? "list" : value === null ? "undefined" : typeof value;
    verdicts[name] = { kind };
  } catch (error) {
    if (error.name !== "YAMLException") throw error;
    verdicts[name] = { reason: error.reason, line: error.mark ? error.mark.line + 1 : null };
  }
}
process.stdout.write(JSON.stringify(verdicts));
