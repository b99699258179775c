// Make pyproject-lsp.vsix: bundle, wheels of the server, and the pictures of docs/images, staged in build/ so that
// nothing else of this folder gets in. With --this-machine only wheels that fit this machine (quick, for tests).
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url));
const stage = join(here, "build");
const images = join(here, "..", "docs", "images");
const extra = process.argv.slice(2);

function run(command, args, cwd = here) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: "inherit" });
  if (status !== 0) {
    throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? `exit code ${status}`}`);
  }
}

const python = process.env.PYTHON ?? (process.platform === "win32" ? "python" : "python3");
run(process.execPath, ["scripts/bundle.mjs", "--minify"]);
run(python, ["scripts/wheels.py", "wheels", ...extra]);

rmSync(stage, { recursive: true, force: true });
mkdirSync(join(stage, "media", "shots"), { recursive: true });
const parts = ["dist", "l10n", "media", "wheels", "package.nls.json", "language-configuration.json", "syntaxes"];
const translations = readdirSync(here).filter((name) => /^package\.nls\.\w+\.json$/.test(name));
for (const part of [...parts, ...translations]) {
  cpSync(join(here, part), join(stage, part), { recursive: true });
}
rmSync(join(stage, "dist", "extension.cjs.map"), { force: true });
for (const name of existsSync(images) ? readdirSync(images).filter((each) => each.startsWith("vscode-")) : []) {
  cpSync(join(images, name), join(stage, "media", "shots", name));
}

// In the repository the README shows the pictures of docs/images; in the package they lie beside it.
const readme = readFileSync(join(here, "README.md"), "utf8").replaceAll("../docs/images/", "media/shots/");
writeFileSync(join(stage, "README.md"), readme);
const licence = [join(here, "LICENSE"), join(here, "..", "LICENSE")].find((path) => existsSync(path));
if (licence !== undefined) {
  cpSync(licence, join(stage, "LICENSE.txt"));
}
const manifest = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
for (const field of ["devDependencies", "scripts", "private"]) {
  delete manifest[field];
}
writeFileSync(join(stage, "package.json"), JSON.stringify(manifest, null, 2));

const vsce = join(here, "node_modules", "@vscode", "vsce", "vsce");
const options = ["--no-dependencies", "--allow-missing-repository", "--skip-license", "--no-rewrite-relative-links"];
run(process.execPath, [vsce, "package", ...options, "-o", join(here, "pyproject-lsp.vsix")], stage);
