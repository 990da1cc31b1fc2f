// Bundles the player page of `cuemux serve` into dist/page; runs after the type check (tsc -b).
import { copyFile, mkdir, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const source = fileURLToPath(new URL('../src/page/', import.meta.url))
const output = fileURLToPath(new URL('../dist/page/', import.meta.url))

await rm(output, { recursive: true, force: true })
await mkdir(output, { recursive: true })
await build({
  entryPoints: {
    player: join(source, 'main.ts'),
    sessions: join(source, 'sessions.ts'),
    style: join(source, 'style.css'),
  },
  outdir: output,
  bundle: true,
  format: 'esm',
  minify: true,
  // Browsers that have media sources with fragmented MP4 and HEVC, AV1 … have this too.
  target: ['es2022'],
  logLevel: 'warning',
})
for (const file of ['index.html', 'sessions.html', 'icon.svg']) await copyFile(join(source, file), join(output, file))

// hls.js is part of player.js: its licence (Apache 2.0) goes with it.
const hlsPackage = dirname(createRequire(import.meta.url).resolve('hls.js/package.json'))
await copyFile(join(hlsPackage, 'LICENSE'), join(output, 'hls.js.LICENSE'))
