// SPDX-License-Identifier: Apache-2.0
// Command line of the npm package `solc` (the compiler as WebAssembly) as far as build tools use the native one:
// `--version`, and standard JSON from standard input with --base-path and --include-path. The package's own `solcjs`
// resolves fewer imports and loses the end of large answers when it writes to a pipe.
"use strict";

const fs = require("fs");
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

function resolver(roots) {
  return (name) => {
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

const options = parseArguments(process.argv.slice(2));
if (options.version) {
  writeAll(`solc, the solidity compiler commandline interface\nVersion: ${compiler.version()}\n`);
} else {
  const roots = [options.basePath, ...options.includePaths];
  writeAll(compiler.compile(fs.readFileSync(0, "utf8"), { import: resolver(roots) }));
}
