// Bundles the command into dist/bundle, one file for what all commands share and one for what each needs alone: Node opens
// ten files then in place of two hundred. Runs after the type check (tsc -b); main.js uses it only as long as it is of the
// same build (see src/bundle.ts).
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const output = join(dist, 'bundle')
const unfinished = join(dist, 'bundle-unfinished')

/** Modules of this package find files beside them: in the bundle they look from where they were. */
const keepPlaces = {
  name: 'keep-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, async ({ path }) => {
      if (!path.startsWith(dist)) return undefined
      const text = await readFile(path, 'utf8')
      const place = JSON.stringify(relative(output, path).replaceAll('\\', '/'))
      return { contents: text.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`), loader: 'js' }
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

await rm(unfinished, { recursive: true, force: true })
await mkdir(unfinished, { recursive: true })
const { metafile } = await build({
  entryPoints: [join(dist, 'process.js')],
  absWorkingDir: '/',
  outdir: unfinished,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: ['node20'],
  minifySyntax: true,
  minifyWhitespace: true,
  plugins: [keepPlaces],
  // Cuemux asks for it with `require`, too: one copy is enough.
  external: ['fastest-validator'],
  // CommonJS modules among them ask for Node's own by this name.
  banner: { js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);" },
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
