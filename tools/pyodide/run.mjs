// Runs a Python file in Pyodide: node run.mjs FILE FOLDER…, the folders being where modules are looked for.
import { readFileSync } from "node:fs";
import { loadPyodide } from "pyodide";

const [source, ...folders] = process.argv.slice(2);
try {
  const python = await loadPyodide();
  folders.forEach((folder, number) => python.mountNodeFS(`/mnt/${number}`, folder));
  python.runPython(`import sys; sys.path[:0] = [f"/mnt/{number}" for number in range(${folders.length})]`);
  await python.runPythonAsync(readFileSync(source, "utf8"));
} catch (problem) {
  console.error(problem.message);
  process.exitCode = 1;
}
