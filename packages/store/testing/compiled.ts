import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const packages = fileURLToPath(new URL('../..', import.meta.url))

/** The sources as JavaScript in a folder of their own, for processes that a test starts. */
export interface Compiled {
  /** The path of a module of `testing`, by its name without extension. */
  readonly script: (name: string) => string
  readonly remove: () => void
}

/** Compiles this package and what it imports from others, so that processes too run against the sources. */
export function compile(name: string): Compiled {
  // Below node_modules of this package, so that ioredis is found from there.
  const out = path.join(packages, 'store/node_modules', `.testing-${name}-${process.pid}`)
  for (const folder of ['core/src', 'store/src', 'store/testing']) {
    for (const file of readdirSync(path.join(packages, folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue
      const source = readFileSync(path.join(packages, folder, file), 'utf8')
      const { outputText } = ts.transpileModule(source, {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
      })
      const target = path.join(out, folder, file.replace(/\.ts$/, '.js'))
      mkdirSync(path.dirname(target), { recursive: true })
      const core = path.relative(path.dirname(target), path.join(out, 'core/src/index.js'))
      writeFileSync(target, outputText.replaceAll("'@cuemux/core'", `'${core}'`))
    }
  }
  writeFileSync(path.join(out, 'package.json'), '{"type":"module"}')
  return {
    script: module => path.join(out, 'store/testing', `${module}.js`),
    remove: () => rmSync(out, { recursive: true, force: true }),
  }
}
