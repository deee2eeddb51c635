// Parses AsyncAPI documents with the official parser; an error or a warning in any of them fails.
const { readFileSync } = require("node:fs");
const { Parser } = require("@asyncapi/parser");

const WARNING = 1; // 0 is an error. Weaker remarks, such as that a newer AsyncAPI exists, are not.

async function main(files) {
  const parser = new Parser();
  let faults = files.length ? 0 : 1;
  for (const file of files) {
    const { document, diagnostics } = await parser.parse(readFileSync(file, "utf8"), { source: file });
    const grave = diagnostics.filter((diagnostic) => diagnostic.severity <= WARNING);
    for (const { code, message, path } of grave) console.error(`✗ ${file}: ${path.join(".")}: ${message} (${code})`);
    if (document && !grave.length) {
      console.log(`✓ ${file}: AsyncAPI ${document.version()}, ${document.allOperations().length} operations`);
    } else {
      faults += 1;
    }
  }
  process.exitCode = faults ? 1 : 0;
}

main(process.argv.slice(2));
