import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const PACKAGES = fileURLToPath(new URL('../../', import.meta.url))

/**
 * Writes the registry of processes as plain modules that a node process of its own can import without a build; answers
 * the path of `registry.js`.
 */
export function writeProcessModules(folder: string): string {
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  for (const [from, to] of [
    ['core/src', 'core'],
    ['ffmpeg/src/process', 'process'],
  ] as const) {
    mkdirSync(join(folder, to), { recursive: true })
    for (const name of readdirSync(join(PACKAGES, from))) {
      if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue
      const source = readFileSync(join(PACKAGES, from, name), 'utf8')
      const { outputText } = ts.transpileModule(source, {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
      })
      const plain = outputText.replaceAll("'@cuemux/core'", "'../core/index.js'")
      writeFileSync(join(folder, to, name.replace(/\.ts$/, '.js')), plain)
    }
  }
  return join(folder, 'process', 'registry.js')
}
