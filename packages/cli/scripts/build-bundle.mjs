// Bundles the command into dist/bundle: Node opens one file then in place of two hundred, and beside it lies what this V8
// compiles of it. Runs after the type check (tsc -b); main.js uses it only as long as it is of the same build (see
// src/bundle.ts).
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import nodeModule from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'
import { build } from 'esbuild'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const samples = fileURLToPath(new URL('../../../sample/', import.meta.url))
const output = join(dist, 'bundle')
const unfinished = join(dist, 'bundle-unfinished')

/** Modules of this package find files beside them: in the bundle they look from where they were. */
function keepPlace(text, path) {
  const place = JSON.stringify(relative(output, path).replaceAll('\\', '/'))
  return text.replaceAll('import.meta.url', `new URL(${place}, BUNDLE_URL).href`)
}

/** What an ES module loads late by a `require` of its own is in the bundle as well. */
const OWN_REQUIRE = 'const require = createRequire(import.meta.url);'

const asInTheBundle = {
  name: 'as-in-the-bundle',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      if (!text.includes('import.meta.url')) return undefined
      const bundled = text.replaceAll(OWN_REQUIRE, '')
      return { contents: path.startsWith(dist) ? keepPlace(bundled, path) : bundled, loader: 'js' }
    })
  },
}

/** Folders of the packages that the files are of. */
function packagesOf(files) {
  const folders = new Set()
  for (const file of files) {
    const end = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file) ?? /^(.*\/packages\/[^/]+)\//.exec(file)
    if (end !== null) folders.add(end[1])
  }
  return [...folders].sort()
}

/** Licences of what others wrote: they go with the code. */
async function licences(folders) {
  const texts = []
  for (const folder of folders.filter(name => name.includes('/node_modules/'))) {
    const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    const file = (await readdir(folder)).find(entry => /^licen[cs]e/i.test(entry))
    const text = file === undefined ? `Licence: ${license}` : (await readFile(join(folder, file), 'utf8')).trim()
    texts.push(`${name} ${version}\n\n${text}\n`)
  }
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}

/** What V8 compiled of the bundle after a run of what most runs do. */
async function compiledCode(file) {
  const script = new Script(nodeModule.wrap(await readFile(file, 'latin1')), { filename: file })
  const module = { exports: {} }
  script.runInThisContext()(module.exports, nodeModule.createRequire(file), module, file, dirname(file))
  const folder = await mkdtemp(join(tmpdir(), 'cuemux-build-'))
  try {
    const io = { stdout: nowhere(), stderr: process.stderr, signal: new AbortController().signal }
    for (const film of ['mkv', 'mp4'].map(kind => join(samples, `cuemux-sample.${kind}`))) {
      const commands = [
        ['remux', film, join(folder, `${basename(film)}.out.mp4`)],
        ['hls', film, join(folder, basename(film))],
        ['probe', film],
      ]
      for (const args of commands) {
        const code = await module.exports.run(args, { ...io, loadCuemux: module.exports.loadCuemux })
        if (code !== 0) throw new Error(`The bundled command failed: ${args[0]}`)
      }
    }
    return script.createCachedData()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function nowhere() {
  return new Writable({ write: (_chunk, _encoding, done) => done() })
}

await rm(unfinished, { recursive: true, force: true })
await mkdir(unfinished, { recursive: true })
const { metafile } = await build({
  stdin: {
    contents:
      "export { start } from './process.js'; export { run } from './run.js'; export const loadCuemux = () => import('cuemux')",
    resolveDir: dist,
  },
  absWorkingDir: '/',
  outfile: join(unfinished, 'cuemux.cjs'),
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: ['node20'],
  minify: true,
  plugins: [asInTheBundle],
  // This is no ES module, which would have it.
  define: { 'import.meta.url': 'BUNDLE_URL' },
  banner: { js: "const BUNDLE_URL=require('node:url').pathToFileURL(__filename).href;" },
  // What is loaded when it is needed is in the same file, and run when it is needed.
  supported: { 'dynamic-import': false },
  metafile: true,
  logLevel: 'warning',
})
const folders = packagesOf(Object.keys(metafile.inputs).map(file => `/${file}`))
await writeFile(join(unfinished, 'LICENSES.txt'), await licences(folders))

// What tsc notes when it writes a package's files: while it is the same, the bundle is of these files.
const builds = {}
for (const folder of folders.filter(name => !name.includes('/node_modules/'))) {
  const file = join(folder, 'dist/.tsbuildinfo')
  const { mtimeMs, size } = await stat(file)
  builds[relative(dirname(unfinished), file).replaceAll('\\', '/')] = `${mtimeMs} ${size}`
}
await writeFile(join(unfinished, 'builds.json'), JSON.stringify(builds))
await rm(output, { recursive: true, force: true })
await rename(unfinished, output)
const bundle = join(output, 'cuemux.cjs')
await writeFile(`${bundle}.cache`, await compiledCode(bundle))
