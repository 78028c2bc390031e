// Does what its arguments say with the vendor's library for Node, and prints a line of JSON for
// each: {"told": …} or {"error": {"message", "http_code"}}.
//
//   node node.mjs SDK_FOLDER <calls.json
//
// A call is {"do": "uploader.upload", "with": […], "method"?: "upload_stream"}; a picture is given as
// {"base64": "…"} and written to a file.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(join(process.argv[2], "package.json"));
const { v2: cloudinary } = require("cloudinary");
const folder = mkdtempSync(join(tmpdir(), "photolib-node-"));
let files = 0;

function given(argument) {
  if (typeof argument?.base64 !== "string") return argument;
  const path = join(folder, argument.name ?? `picture-${files++}.jpg`);
  writeFileSync(path, Buffer.from(argument.base64, "base64"));
  return path;
}

// One call goes through a stream, and large files answer once for every part of them.
function streamed(content, options) {
  return new Promise((resolve, reject) => {
    const stream = cloudinary.uploader.upload_stream(options, (error, told) =>
      error ? reject(error) : resolve(told),
    );
    stream.end(readFileSync(content));
  });
}

function large(content, options) {
  return new Promise((resolve, reject) => {
    cloudinary.uploader.upload_large(content, options, (error, told) => {
      if (error) reject(error);
      else if (told.done !== false) resolve(told);
    });
  });
}

function searched(query) {
  const search = Object.entries(query).reduce(
    (search, [word, values]) => search[word](...values),
    cloudinary.search,
  );
  return search.execute();
}

// This library writes https whatever it is configured with, unless a call says otherwise.
async function fetched(publicId, options) {
  const url = cloudinary.url(publicId, { secure: false, ...options });
  const answer = await fetch(url);
  const bytes = (await answer.arrayBuffer()).byteLength;
  return { url, status: answer.status, type: answer.headers.get("content-type"), bytes };
}

const OWN = { upload_stream: streamed, upload_large: large, search: searched, fetch: fetched };

function done(call) {
  const own = OWN[call.do];
  if (own) return own(...call.with.map(given));
  const [module, name] = call.do.split(".");
  return cloudinary[module][name](...call.with.map(given));
}

for (const call of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    console.log(JSON.stringify({ told: await done(call) }));
  } catch (raised) {
    const { message, http_code } = raised.error ?? raised;
    console.log(JSON.stringify({ error: { message, http_code } }));
  }
}
rmSync(folder, { recursive: true });
