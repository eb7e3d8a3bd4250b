// SPDX-License-Identifier: Apache-2.0
// Command line of the npm package `solc` (the compiler as WebAssembly) as far as build tools use the native one:
// `--version`, and standard JSON from standard input with --base-path and --include-path. The package's own `solcjs`
// resolves fewer imports and loses the end of large answers when it writes to a pipe.
//
// WebAssembly has two gigabytes, and the code of every test of this project does not fit into them: what is asked of
// many files is asked part by part, two at a time, each of all the sources, so that numbers and names are the same.
// Each part reads and checks all the sources again, so parts are few: only code that is asked for makes a part.
"use strict";

const { spawn } = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");

const compiler = require(path.join(__dirname, "..", "..", "node_modules", "solc"));

function parseArguments(argv) {
  const options = { version: false, basePath: process.cwd(), includePaths: [] };
  for (let i = 0; i < argv.length; i++) {
    switch (argv[i]) {
      case "--version": options.version = true; break;
      case "--base-path": options.basePath = argv[++i]; break;
      case "--include-path": options.includePaths.push(argv[++i]); break;
      case "--allow-paths": i++; break; // this program reads only what the sources import
      case "--standard-json": case "-": break;
      default: fail(`unknown option ${argv[i]}`);
    }
  }
  return options;
}

function fail(message) {
  fs.writeSync(2, `solc: ${message}\n`);
  process.exit(2);
}

// A pipe accepts a part of a large buffer at a time: writing until all is gone is what keeps the answer whole.
function writeAll(text) {
  const bytes = Buffer.from(text, "utf8");
  let done = 0;
  while (done < bytes.length) {
    try {
      done += fs.writeSync(1, bytes, done);
    } catch (error) {
      if (error.code === "EPIPE") process.exit(1);
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

function resolver(roots, sources) {
  return (name) => {
    if (Object.hasOwn(sources, name)) return { contents: sources[name].content };
    const candidates = path.isAbsolute(name) ? [name] : roots.map((root) => path.join(root, name));
    for (const candidate of candidates) {
      try {
        return { contents: fs.readFileSync(candidate, "utf8") };
      } catch (error) {
        if (error.code !== "ENOENT" && error.code !== "ENOTDIR") return { error: `${candidate}: ${error.code}` };
      }
    }
    return { error: `File not found: ${name}, looked in ${roots.join(", ")}` };
  };
}

// The question comes to the compiler on its stack, which ends at about four megabytes: the sources are not in it, the
// compiler asks for each.
function compileHere(input, roots) {
  const given = input.sources || {};
  const named = Object.entries(given).map(([name, its]) => [name, "content" in its ? { urls: [name] } : its]);
  const held = Object.fromEntries(Object.entries(given).filter(([, its]) => "content" in its));
  const question = input.sources ? { ...input, sources: Object.fromEntries(named) } : input;
  return compiler.compile(JSON.stringify(question), { import: resolver(roots, held) });
}

const FILES_IN_ONE_PIECE = 60;
const FILES_A_PART = 200;
const WITHOUT_CODE = new Set(["abi", "ast", "devdoc", "metadata", "userdoc"]);
const PART = "PORTOLAN_SOLC_PART";

// What is wanted of each file; `heavy` are those of which code is wanted.
function wishesOf(selection, files) {
  const wishes = {};
  const heavy = [];
  for (const file of files) {
    const wish = { ...selection["*"], ...selection[file] };
    if (!Object.values(wish).some((outputs) => outputs.length)) continue;
    wishes[file] = wish;
    if (Object.values(wish).some((outputs) => outputs.some((output) => !WITHOUT_CODE.has(output)))) heavy.push(file);
  }
  return { wishes, heavy };
}

// Dealt out like cards, into an even number of parts: large files stand together, and two parts run at a time.
function dealt(files) {
  const hands =
    files.length > FILES_IN_ONE_PIECE ? 2 * Math.ceil(files.length / (2 * FILES_A_PART)) : Math.min(1, files.length);
  return Array.from({ length: hands }, (_, hand) => files.filter((_, i) => i % hands === hand));
}

function partsOf(input, files) {
  const { wishes, heavy } = wishesOf(input.settings.outputSelection, files);
  const isHeavy = new Set(heavy);
  const light = Object.keys(wishes).filter((file) => !isHeavy.has(file));
  const groups = dealt(heavy);
  if (light.length) groups[0] = [...(groups[0] || []), ...light];
  return groups.map((its) => {
    const outputSelection = Object.fromEntries(its.map((file) => [file, wishes[file]]));
    return { ...input, settings: { ...input.settings, outputSelection } };
  });
}

function compileElsewhere(part) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [__filename, ...process.argv.slice(2)], {
      env: { ...process.env, [PART]: "1" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const answer = [];
    child.stdout.on("data", (bytes) => answer.push(bytes));
    child.on("error", (error) => fail(error.message));
    child.on("close", (code) => (code === 0 ? resolve(JSON.parse(Buffer.concat(answer))) : fail(`a part ended with ${code}`)));
    child.stdin.on("error", (error) => fail(error.message));
    child.stdin.end(JSON.stringify(part));
  });
}

function join(answers) {
  const joined = {};
  const seen = new Set();
  for (const answer of answers) {
    for (const error of answer.errors || []) {
      const text = JSON.stringify(error);
      if (seen.has(text)) continue;
      seen.add(text);
      (joined.errors = joined.errors || []).push(error);
    }
    for (const kind of ["contracts", "sources"]) {
      for (const [file, its] of Object.entries(answer[kind] || {})) {
        joined[kind] = joined[kind] || {};
        joined[kind][file] = { ...joined[kind][file], ...its };
      }
    }
  }
  return joined;
}

async function compileParts(parts) {
  const answers = [];
  let next = 0;
  const work = async () => {
    while (next < parts.length) {
      const index = next++;
      answers[index] = await compileElsewhere(parts[index]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, os.cpus().length, parts.length) }, work));
  return answers;
}

// Where something is wished of "*", parts are followed by another one, of what was imported: one piece is less work
// as long as it fits.
function isLarge(input) {
  const selection = (input.settings || {}).outputSelection;
  if (!selection) return false;
  const limit = "*" in selection ? FILES_A_PART : FILES_IN_ONE_PIECE;
  return wishesOf(selection, Object.keys(input.sources || {})).heavy.length > limit;
}

// What is wished of "*" is wished of imported files too, whose names only an answer tells.
async function compileInParts(input) {
  const named = Object.keys(input.sources);
  const answers = await compileParts(partsOf(input, named));
  const found = new Set(answers.flatMap((answer) => Object.keys(answer.sources || {})));
  const imported = [...found].filter((file) => !(file in input.sources));
  return join(answers.concat(await compileParts(partsOf(input, imported))));
}

const options = parseArguments(process.argv.slice(2));
if (options.version) {
  writeAll(`solc, the solidity compiler commandline interface\nVersion: ${compiler.version()}\n`);
} else {
  const roots = [options.basePath, ...options.includePaths];
  const input = JSON.parse(fs.readFileSync(0, "utf8"));
  if (!process.env[PART] && isLarge(input)) compileInParts(input).then((answer) => writeAll(JSON.stringify(answer)));
  else writeAll(compileHere(input, roots));
}
