// Prints the YAML documents of files as JSON: [{place, document, problem}].
// It reads YAML as the language servers of editors do, with the same library.
import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";

const out = [];
for (const path of process.argv.slice(2)) {
  parseAllDocuments(readFileSync(path, "utf8")).forEach((doc, i) => {
    const problem = doc.errors.map((e) => e.message).join("; ");
    out.push({ place: `${path}#${i + 1}`, document: problem ? null : doc.toJS(), problem });
  });
}
process.stdout.write(JSON.stringify(out));
